"""Writes networks as ONNX files, for programs without torch, and checks what the files compute."""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ridgecode.autoencoders.full import PLACE, FullAutoencoder
from ridgecode.autoencoders.saved import Network
from ridgecode.errors import BadInput
from ridgecode.files import whole_file

TOLERANCE = 1e-4
"""The largest allowed difference between the outputs of onnxruntime and torch; where outputs are above 1, relative to
the largest one."""
CHECKED_BATCHES = (1, 3)
"""Batch sizes of the check."""
MOST_PLACES = 512
"""Rows or columns of a latent map of the view `full`: 8,192 pixels."""


class OnnxFiles(NamedTuple):
    """The paths of both files. encoder: "x" (batch, 1, height, width) float32 in [0, 1] -> "z" (batch, latent_dim).
    decoder: "z" -> "x_hat", of the shape of x and in [0, 1]. The batch may have any size.

    Of the view `full`, height and width may be any multiples of 16 too, and "z" is (batch, channels, height / 16,
    width / 16)."""

    encoder: Path
    decoder: Path


class _Encoder(nn.Module):
    def __init__(self, net: Network) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        return self.net.encode(x)


class _Decoder(nn.Module):
    def __init__(self, net: Network) -> None:
        super().__init__()
        self.net = net

    def forward(self, z: Tensor) -> Tensor:
        return self.net.decode(z)


def export_onnx(net: Network, height: int, width: int, folder: Path) -> OnnxFiles:
    """Writes `encoder.onnx` and `decoder.onnx` into `folder`, both whole or neither.

    height, width: of the windows that `net` takes, in pixels. Where onnxruntime is installed, both files are run on
    batches of 1 and 3 and compared with `net`. Raises BadInput, and writes nothing, where onnx or onnxscript is missing
    and where an output differs from that of torch by more than `TOLERANCE`.
    """
    require_onnx()
    if folder.is_file():
        raise BadInput(f"{folder} is a file; give a folder for encoder.onnx and decoder.onnx")
    device = next(iter(net.state_dict().values())).device
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(max(CHECKED_BATCHES), 1, height, width, generator=generator).to(device)
    with torch.no_grad():
        z = net.encode(x)
        x_hat = net.decode(z)
    files = OnnxFiles(folder / "encoder.onnx", folder / "decoder.onnx")
    with whole_file(files.encoder) as encoder, whole_file(files.decoder) as decoder:
        whole, by_place = _sizes() if isinstance(net, FullAutoencoder) else ({}, {})
        for module, file, given, names, sizes in (
            (_Encoder(net), encoder, x, ("x", "z"), whole),
            (_Decoder(net), decoder, z, ("z", "x_hat"), by_place),
        ):
            write_onnx(module.eval(), file, given, names, sizes)
        check_onnx(encoder, files.encoder, x, z)
        check_onnx(decoder, files.decoder, z, x_hat)
    return files


def _sizes() -> tuple[dict[int, Any], dict[int, Any]]:
    """The axes of an image and of its latent map that may have any size."""
    rows, columns = (torch.export.Dim(name, min=1, max=MOST_PLACES) for name in ("rows", "columns"))
    return {2: PLACE * rows, 3: PLACE * columns}, {2: rows, 3: columns}


def write_onnx(
    module: nn.Module, file: Path, given: Tensor, names: tuple[str, str], sizes: Mapping[int, Any] | None = None
) -> None:
    """Writes a module in evaluation mode that takes one tensor and gives one. given: an input of several rows, the
    first axis of which may have any size; names: of input and output; sizes: further axes of any size"""
    batch = torch.export.Dim("batch")
    with _quiet():
        torch.onnx.export(
            module,
            (given,),
            file,
            input_names=[names[0]],
            output_names=[names[1]],
            dynamic_shapes=({0: batch, **(sizes or {})},),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    _without_paths(file)


def _without_paths(file: Path) -> None:
    """Removes the exporter's stack traces from the file, since they name the folders of this machine."""
    import onnx

    model = onnx.load(file)
    for part in (
        *model.graph.node,
        *model.graph.value_info,
        *model.graph.input,
        *model.graph.output,
        model.graph,
        model,
    ):
        del part.metadata_props[:]
        part.doc_string = ""
    onnx.save(model, file)


def check_onnx(file: Path, name: Path, given: Tensor, wanted: Tensor) -> None:
    """Raises BadInput where `file` computes something else than `wanted` from `given`. name: the file's name when it is
    complete, for the message."""
    try:
        import onnxruntime
    except ImportError:
        return
    session = onnxruntime.InferenceSession(file.read_bytes(), providers=["CPUExecutionProvider"])
    source = session.get_inputs()[0].name
    for n in CHECKED_BATCHES:
        (found,) = session.run(None, {source: given[:n].cpu().numpy()})
        difference = float((torch.from_numpy(found) - wanted[:n].cpu()).abs().max())
        if not difference <= TOLERANCE * max(1.0, float(wanted[:n].abs().max())):
            raise BadInput(
                f"{name} would differ from the model by {difference:.2g} and was not written; install the versions of "
                "torch, onnx and onnxscript that constraints.txt names"
            )


def require_onnx() -> None:
    """Raises BadInput where onnx or onnxscript is missing."""
    for package in ("onnx", "onnxscript"):
        try:
            __import__(package)
        except ImportError as error:
            raise BadInput(
                f"ONNX files need the package {package}, which is not installed: pip install 'ridgecode[onnx]'"
            ) from error


@contextmanager
def _quiet() -> Iterator[Any]:
    """Hides warnings of the exporter about torch's internals and about packages that are not used here."""
    log = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=FutureWarning)
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            yield
    finally:
        log.setLevel(level)
