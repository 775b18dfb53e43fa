"""Figures of prints of any size."""
