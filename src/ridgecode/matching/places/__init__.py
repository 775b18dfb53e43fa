"""The head that sees places: latent vectors through the decoder's first map to a template."""
