"""Minutiae matching: two matchers that use prints alone, not latent vectors, with one interface."""
