"""The names that an autoencoder's settings take. A file of its own, since a command line needs them without torch."""

from typing import Literal

Backbone = Literal["pca", "resnet18", "resnet50", "ridge"]
Task = Literal["reconstruct", "repair"]
DistortionName = Literal["mse", "l1", "bce", "bce+l1", "mse+l1", "ridge"]
LatentLayer = Literal["grid", "patches", "linear"]
Pooling = Literal["mean", "none"]
"""How an encoder's last map becomes the latent layer's input: its mean over all places, or all of it."""
