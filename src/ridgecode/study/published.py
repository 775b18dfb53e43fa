"""The published figures that a report draws beside its own, and what they may be compared with.

They come from the write-up that started this project: the lightning-bolts ResNet-18 autoencoder on 32x32 centre crops
of SOCOFing, at most 500 epochs with early stopping, the best epoch on that write-up's own validation prints.
"""

from types import MappingProxyType

# Mean squared error of pixels in [0, 1] by latent size, trained on MSE.
PUBLISHED_MSE = MappingProxyType(
    {8: 0.0981035, 16: 0.0741007, 32: 0.0578159, 64: 0.04948, 128: 0.0467336, 256: 0.0484134, 512: 0.0503231}
)

# Binary cross-entropy with logits in nats a pixel by latent size, trained on it. The entropy of the grey targets
# themselves is included: no model can go below that floor.
PUBLISHED_BCE = MappingProxyType(
    {8: 0.550273, 16: 0.505601, 32: 0.458729, 64: 0.469356, 128: 0.477316, 256: 0.470364, 512: 0.469483}
)

SOCOFING_CITATION = (
    "Y. I. Shehu, A. Ruiz-Garcia, V. Palade, A. James: Sokoto Coventry Fingerprint Dataset, arXiv:1807.10609 (2018). "
    "The prints are for non-commercial research only."
)


def comparable_with_published(source: str, view: str) -> bool:
    """Whether figures of prints from `source` seen through `view` may be set beside the published ones."""
    return source == "socofing" and view == "crop32"
