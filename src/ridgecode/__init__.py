"""Fingerprints to short latent vectors that decode back to the print and match without it."""
