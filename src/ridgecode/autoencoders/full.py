"""The autoencoder of the view `full`: an image of any size to a latent map, and back.

image (H, W) - unshuffle 4 - convolutions at 1/4, 1/8, 1/16 - 1x1 convolution - latent map (channels, H/16, W/16)
and the same mirrored. It has no layer over the whole map, so the network that is trained on patches runs on images of
any size. The blocks are those of `ridge` (ridge.py).
"""

import math

from torch import Tensor, nn

from ridgecode.autoencoders.grid_latent import start_alike
from ridgecode.autoencoders.reconstruction import Reconstruction
from ridgecode.autoencoders.ridge import LATENT_GAIN, UNSHUFFLE, bodies

SCALES = 3
PLACE = UNSHUFFLE * 2 ** (SCALES - 1)
"""Pixels a side that one place of the latent map stands for: at 500 ppi 0.8 mm, about two ridges."""


class FullAutoencoder(nn.Module):
    """(N, 1, H, W) in [0, 1] <-> latent map (N, channels, H / 16, W / 16), for every H and W that 16 divides.

    channels: latent dims of a place
    logits: `forward` gives logits instead of grey values
    width: channels of the map at 1/4 of the image's side; the maps at 1/8 and 1/16 have twice as many
    blocks: residual blocks at each scale, in the encoder and in the decoder
    `reach`: what lies so many places of the map away, or further, has no effect on a place
    """

    def __init__(self, channels: int, logits: bool = False, width: int = 48, blocks: int = 2) -> None:
        super().__init__()
        self.latent_dim, self.logits = channels, logits
        # Each block sees 2 places further at its own scale, and the convolution at 1/4 one more.
        self.reach = math.ceil(2 * blocks * (1 + 1 / 2 + 1 / 4) + 1 / 4)
        widths = (width, *[2 * width] * (SCALES - 1))
        self.encoder, self.decoder = bodies(widths, blocks)
        self.to_latent = nn.Conv2d(widths[-1], channels, 1)
        self.from_latent = nn.Conv2d(channels, widths[-1], 1)
        # At first the decoder's map is a part of the encoder's, with a standard deviation that learns ridges soon.
        start_alike(self.to_latent, self.from_latent, LATENT_GAIN / 3)

    def forward(self, x: Tensor) -> Reconstruction:
        z = self.encode(x)
        return Reconstruction(self.draw(z), z)

    def encode(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) -> (N, channels, H / 16, W / 16)."""
        return self.to_latent(self.encoder(x))

    def draw(self, z: Tensor) -> Tensor:
        """(N, channels, rows, columns) -> x_hat as in `Reconstruction`: logits or grey values."""
        logits = self.decoder(self.from_latent(z))
        return logits if self.logits else logits.float().sigmoid()

    def decode(self, z: Tensor) -> Tensor:
        """(N, channels, rows, columns) -> (N, 1, 16 rows, 16 columns) in [0, 1]."""
        return self.decoder(self.from_latent(z)).float().sigmoid()
