"""Autoencoders: PCA, the bolts-compatible ResNet and our own; one protocol: encode(x) -> z, decode(z) -> x_hat."""
