"""Weights of the lightning-bolts autoencoder, adapted to 1 channel."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from ridgecode.errors import BadInput

_ENDS = ("encoder.conv1.weight", "decoder.conv1.weight")


def adapt_to_one_channel(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A bolts `AE` state dict for 3-channel images -> the same for 1 channel; 1-channel weights stay unchanged.

    A grey image is an RGB image with three equal channels. So the encoder's first convolution (64, 3, k, k) is summed
    over its input channels, which keeps its response to such an image. The decoder's last one (3, C, 3, 3) is averaged
    over its output channels, which gives the mean of the three channels.
    """
    adapted = dict(state)
    first, last = _ENDS
    if first in adapted and adapted[first].shape[1] == 3:
        adapted[first] = adapted[first].sum(1, keepdim=True)
    if last in adapted and adapted[last].shape[0] == 3:
        adapted[last] = adapted[last].mean(0, keepdim=True)
    return adapted


def load_bolts_checkpoint(path: Path | str) -> dict[str, Tensor]:
    """The weights in a bolts `AE` checkpoint of Lightning, or in a file of its state dict, for
    `ResNetAutoencoder.load_state_dict`.

    The file is read with `weights_only=True`, so no code in it is run. Raises BadInput for a missing or damaged file,
    one that holds anything but tensors and plain values, or one without the autoencoder's parameters.
    """
    path = Path(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist; give the path of a lightning-bolts AE checkpoint") from None
    except Exception as error:  # torch lets errors of pickle, zip, keys and values through
        raise BadInput(
            f"{path} can't be read as a checkpoint of plain weights ({type(error).__name__}); save the bolts model's "
            "state_dict() with torch.save and give that file"
        ) from error
    state = content.get("state_dict", content) if isinstance(content, dict) else {}
    weights = {name: value for name, value in state.items() if isinstance(value, Tensor)}
    if not all(name in weights for name in (*_ENDS, "fc.weight")):
        raise BadInput(f"{path} holds no lightning-bolts AE: {_ENDS[0]}, {_ENDS[1]} or fc.weight is missing")
    return adapt_to_one_channel(weights)
