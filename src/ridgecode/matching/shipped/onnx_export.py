"""Writes a matcher as an ONNX file, for programs without torch, and checks what the file computes.

The score of two templates is the cosine of their embeddings, so a program needs nothing else of the matcher but the
frame of a print (`ridgecode.prints.frame`), or the latent vector.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from ridgecode.autoencoders.onnx_export import CHECKED_BATCHES, check_onnx, require_onnx, write_onnx
from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.matching.matcher import Matcher


class _Embedding(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        embedding: Tensor = self.net.embed(x)  # type: ignore[operator]
        return embedding


def export_matcher(matcher: Matcher, folder: Path) -> Path:
    """Writes `matcher.onnx`, or of a head on latent vectors `head.onnx`, into `folder`, whole or not at all.

    matcher.onnx: "x" (batch, channels, height, width) float32 in [0, 1], 0 a black ridge -> "embedding" (batch, dims);
    of the system ridge x is the frame of a print, 160x160 at 200 pixels per inch. head.onnx: "z" (batch, latent_dim) ->
    "embedding". The batch may have any size. Where onnxruntime is installed, the file is run on batches of 1 and 3 and
    compared with torch. Raises BadInput without the extra `ridgecode[onnx]`, and where an output differs from torch's.
    """
    require_onnx()
    if folder.is_file():
        raise BadInput(f"{folder} is a file; give a folder")
    generator = torch.Generator().manual_seed(0)
    n = max(CHECKED_BATCHES)
    net: nn.Module
    if matcher.network is not None:
        net, spec = matcher.network.net, matcher.network.spec
        # Bars of ridges: of noise, the pose would be that of nothing.
        given = torch.rand(n, spec.channels, spec.height // 4, spec.width, generator=generator)
        given = given.repeat_interleave(4, 2)[:, :, : spec.height]
        given = nn.functional.pad(given, (0, 0, 0, spec.height - given.shape[2]), value=1.0)
        file, names = folder / "matcher.onnx", ("x", "embedding")
    else:
        assert matcher.head is not None
        net = matcher.head
        given = torch.randn(n, matcher.head.latent_dim, generator=generator)
        file, names = folder / "head.onnx", ("z", "embedding")
    module = _Embedding(net).eval()
    with torch.no_grad():
        wanted = module(given)
    with whole_file(file) as temporary:
        write_onnx(module, temporary, given, names)
        check_onnx(temporary, file, given, wanted)
    return file
