"""Published figures that a report draws beside its own.

They are from "SOCOFing autoencoders", a blog post of the Seminar Computer Vision by Deep Learning (2021): the ResNet-18
autoencoder of lightning-bolts on 32x32 centre crops of SOCOFing, at most 500 epochs with early stopping, the best epoch
on the post's own validation prints.
"""

from types import MappingProxyType

# Mean squared error of pixels in [0, 1] by latent size, of models trained on MSE.
PUBLISHED_MSE = MappingProxyType(
    {8: 0.0981035, 16: 0.0741007, 32: 0.0578159, 64: 0.04948, 128: 0.0467336, 256: 0.0484134, 512: 0.0503231}
)

# Binary cross-entropy in nats a pixel by latent size, of models trained on it. It includes the entropy of the grey
# targets, a floor that no model can go below.
PUBLISHED_BCE = MappingProxyType(
    {8: 0.550273, 16: 0.505601, 32: 0.458729, 64: 0.469356, 128: 0.477316, 256: 0.470364, 512: 0.469483}
)

SOCOFING_CITATION = (
    "Y. I. Shehu, A. Ruiz-Garcia, V. Palade, A. James: Sokoto Coventry Fingerprint Dataset, arXiv:1807.10609 (2018). "
    "The prints are for non-commercial research only."
)


def comparable_with_published(source: str, view: str) -> bool:
    """Whether figures on prints from `source` in this `view` are comparable with the published ones."""
    return source == "socofing" and view == "crop32"
