"""Matching: heads on latent vectors, pair losses, comparison lists, error rates, baselines."""
