"""A trained image matcher as the teacher of a head on latent vectors: what templates should views have?

view (h, w) --centred on white--> frame (160, 160) --the teacher's network, frozen--> its embedding

The teacher sees each view's pixels, the head the latent vector of the same view. A head whose templates are those of
the teacher can be compared with it: prints that are kept as codes with prints that are kept as images. Source: G.
Hinton, O. Vinyals and J. Dean, "Distilling the knowledge in a neural network", 2015; here embeddings take the place of
class scores.
"""

import torch
from torch import Tensor

from ridgecode.errors import BadInput
from ridgecode.matching.shipped.names import matcher_file
from ridgecode.matching.siamese.ridge import FRAME_SIDE, RidgeNetwork
from ridgecode.matching.siamese.saved import load_siamese
from ridgecode.prints.views import View

_FRAME = View("whole", FRAME_SIDE, FRAME_SIDE)


class Teacher:
    """The network of a `train-siamese --system ridge` run, frozen.

    name: of the run, model file or shipped matcher; dims: numbers in the student's template; bf16: whether it computes
    in bf16. Raises BadInput for another kind of matcher, and for one with another number of dims.
    """

    def __init__(self, name: str, dims: int, bf16: bool, device: str = "cpu") -> None:
        saved = load_siamese(matcher_file(name))
        if not isinstance(saved.net, RidgeNetwork) or saved.net.dims != dims:
            raise BadInput(
                f"--teacher {name} is no matcher of the system ridge with templates of {dims} numbers; give one, or "
                "another --template_dim"
            )
        self.net, self.sha256 = saved.net.to(device), saved.sha256
        self.dims, self.bf16, self.device = dims, bf16, device

    def __call__(self, views: Tensor) -> Tensor:
        """Views (N, h, w) in [0, 1], at most 160 pixels a side -> embeddings (N, dims) of length 1, on the CPU."""
        frames = _FRAME.take(views)[:, None].to(self.device)
        with torch.inference_mode(), torch.autocast(self.device, torch.bfloat16, enabled=self.bf16):
            return self.net.embed(frames).float().cpu()
