"""Verbs on images of any size."""
