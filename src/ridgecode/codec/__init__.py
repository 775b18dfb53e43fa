"""Latent vectors to bytes."""
