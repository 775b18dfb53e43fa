"""Minutiae matching: two matchers that know nothing of latent vectors, behind one small interface."""
