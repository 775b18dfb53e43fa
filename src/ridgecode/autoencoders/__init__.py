"""Autoencoders: PCA, the bolts-compatible ResNet and our own, behind one protocol: encode(x) -> z, decode(z) -> x_hat."""
