"""An autoencoder as one safetensors file: weights, spec, the scale of its latent vectors and, if fitted, a codec."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Literal, get_args

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ridgecode.autoencoders.distortion import uses_logits
from ridgecode.autoencoders.full import PLACE, FullAutoencoder
from ridgecode.autoencoders.half_precision import halved
from ridgecode.autoencoders.names import Backbone, DistortionName, LatentLayer, Pooling, Task
from ridgecode.autoencoders.pca import PCA
from ridgecode.autoencoders.pretrained import model_file
from ridgecode.autoencoders.resnet import SEED_SIZE, ResNetAutoencoder, map_step
from ridgecode.autoencoders.ridge import UNSHUFFLE, RidgeAutoencoder
from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.prints.names import ViewName
from ridgecode.prints.views import VIEWS, View

TASKS: tuple[Task, ...] = get_args(Task)
Network = PCA | ResNetAutoencoder | RidgeAutoencoder | FullAutoencoder
FORMAT, VERSION = "ridgecode-autoencoder", 1
RIDGE_BLOCKS, RIDGE_WIDTH = 1, 48  # of new networks
CODEC_PREFIX = "codec."
"""The start of the names of a codec's tensors in a file."""


@dataclass(frozen=True)
class AutoencoderSpec:
    """All that is needed to build the network again, and the `task` it was trained for: "reconstruct" its input, or
    "repair" an altered print to its Real print.

    latent_dim: of a print; with the view `full`, of each place of 16x16 pixels
    pooling, seed_size: "auto" and 0 take the backbone's defaults, "mean" and 4 for ResNets, "none" and the whole map
        for ridge
    latent_layer, blocks, width: of ridge alone; residual blocks at each scale, channels at the first scale (half of
        those at the others). New networks have `usual_latent_layer`, RIDGE_BLOCKS and RIDGE_WIDTH, old files these.
    """

    backbone: Backbone
    view: ViewName
    latent_dim: int
    distortion: DistortionName
    task: Task = "reconstruct"
    pooling: Literal["auto"] | Pooling = "auto"
    seed_size: int = 0
    first_conv: bool = False
    maxpool1: bool = False
    latent_layer: LatentLayer = "linear"
    blocks: int = 2
    width: int = 64

    @property
    def window(self) -> View:
        return VIEWS[self.view]

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels at each scale of a `ridge` network."""
        # With a grid, the network is the same on both views, so that one trained on crops can start the other.
        coarse = 2 if self.view == "full" or (self.view, self.latent_layer) == ("whole", "linear") else 1
        return (self.width, *[2 * self.width] * coarse)


@dataclass(frozen=True)
class SavedAutoencoder:
    """A network in evaluation mode with its spec.

    latent_mean, latent_std: (latent_dim,), of the latent vectors of training prints; sha256: of the model's file
    codec: tensors with which `codec/` codes its latent vectors to bytes; empty if none was fitted
    """

    net: Network
    spec: AutoencoderSpec
    latent_mean: Tensor
    latent_std: Tensor
    sha256: str
    codec: Mapping[str, Tensor] = field(default_factory=dict)


def build_network(spec: AutoencoderSpec) -> Network:
    """A network with random weights from torch's global generator (PCA: zeros). Raises BadInput as `check_spec`."""
    check_spec(spec)
    view, logits = spec.window, uses_logits(spec.distortion)
    if spec.backbone == "pca":
        return PCA(view.height, view.width, spec.latent_dim)
    if spec.view == "full":
        return FullAutoencoder(spec.latent_dim, logits, spec.width, spec.blocks)
    if spec.backbone == "ridge":
        return RidgeAutoencoder(
            view.height,
            view.width,
            spec.latent_dim,
            logits,
            spec.widths,
            spec.blocks,
            pooling="none" if spec.pooling == "auto" else spec.pooling,
            seed_size=spec.seed_size,
            latent_layer=spec.latent_layer,
        )
    return ResNetAutoencoder(
        spec.backbone,
        view.height,
        spec.latent_dim,
        logits,
        spec.first_conv,
        spec.maxpool1,
        "mean" if spec.pooling == "auto" else spec.pooling,
        spec.seed_size or SEED_SIZE,
    )


def usual_latent_layer(spec: AutoencoderSpec, starts: bool = False) -> LatentLayer:
    """The latent layer of a new network. For `ridge` without pooling or seed_size: "patches" if it `starts` from
    another model, else "grid" if it has at least one latent dim for each place of its map. Otherwise "linear"."""
    if spec.backbone != "ridge" or spec.pooling == "mean" or spec.seed_size:
        return "linear"
    if spec.view == "full":
        return "grid"
    if starts:
        return "patches"
    places = math.prod(side // (UNSHUFFLE * 2) for side in (spec.window.height, spec.window.width))
    return "grid" if spec.latent_dim >= places else "linear"


def check_spec(spec: AutoencoderSpec) -> None:
    """Raises BadInput for a `latent_dim` below 1, an option that the backbone does not have, or a `seed_size` larger
    than the decoder's first map."""
    if spec.latent_dim < 1:
        raise BadInput(f"--latent_dim is {spec.latent_dim}; a latent vector has at least 1 dim")
    way_out = f"leave it out with --backbone {spec.backbone}"
    if spec.view == "full":
        _check_full(spec)
    for name in ("first_conv", "maxpool1"):
        if getattr(spec, name) and not spec.backbone.startswith("resnet"):
            raise BadInput(f"--{name} is a part of resnet18 and resnet50; {way_out}")
    if (layer := spec.latent_layer) != "linear":
        if spec.backbone != "ridge":
            raise BadInput(f"--latent_layer {layer} is a part of ridge; {way_out}")
        if spec.pooling == "mean" or spec.seed_size:
            way_out = "leave out --pooling and --seed_size, or give linear"
            raise BadInput(f"--latent_layer {layer} keeps every place; {way_out}")
    if spec.backbone == "pca":
        for name, default in (("pooling", "auto"), ("seed_size", 0)):
            if getattr(spec, name) != default:
                raise BadInput(f"--{name} is a part of networks; {way_out}")
    else:
        step = UNSHUFFLE * 2 ** (len(spec.widths) - 1)
        side = spec.window.height // (step if spec.backbone == "ridge" else map_step(spec.first_conv, spec.maxpool1))
        if not 0 <= spec.seed_size <= side:
            raise BadInput(
                f"--seed_size is {spec.seed_size}; the decoder's first map has {side} places a side: give 1 to {side}, "
                "or 0 for the backbone's own"
            )


def _check_full(spec: AutoencoderSpec) -> None:
    if spec.backbone != "ridge":
        raise BadInput(f"--view full is of --backbone ridge, not {spec.backbone}; give ridge, or another view")
    if spec.latent_layer != "grid" or spec.pooling == "mean" or spec.seed_size:
        raise BadInput(
            f"--view full has latent dims at each place of {PLACE}x{PLACE} pixels; leave out --latent_layer, --pooling "
            "and --seed_size"
        )


def save_autoencoder(
    path: Path,
    net: Network,
    spec: AutoencoderSpec,
    latent_mean: Tensor,
    latent_std: Tensor,
    half: bool = False,
    card: str | None = None,
    codec: Mapping[str, Tensor] | None = None,
) -> None:
    """Writes the file whole. Its header holds the format, its version and the spec as JSON.

    latent_mean, latent_std: (latent_dim,); half: whether weights are written in 16 bits (see `halved`); card: a
    `ModelCard` as JSON; codec: as in `SavedAutoencoder`. Raises ValueError for weights beyond the range of 16 bits."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in net.state_dict().items()}
    tensors |= {"latent.mean": latent_mean.float().cpu(), "latent.std": latent_std.float().cpu()}
    if half:
        tensors = halved(tensors)
    tensors |= {f"{CODEC_PREFIX}{name}": value.detach().cpu().contiguous() for name, value in (codec or {}).items()}
    # Fields with their default are left out, so that versions without these fields can read the file.
    defaults = {each.name: each.default for each in fields(spec)}
    known = {name: value for name, value in asdict(spec).items() if value != defaults[name]}
    metadata = {"format": FORMAT, "version": str(VERSION), "spec": json.dumps(known, sort_keys=True)}
    if card is not None:
        metadata["card"] = card
    with whole_file(path) as temporary:
        temporary.write_bytes(_with_sorted_metadata(save(tensors, metadata)))


def write_with_codec(path: Path | str, out: Path, codec: Mapping[str, Tensor], card: str | None = None) -> None:
    """Copies the model at `path` to `out` with its codec replaced by `codec`, and its model card by `card` if given.
    Weights keep their 16 or 32 bits. Raises BadInput as `load_autoencoder`."""
    tensors, metadata = _read(model_file(path))
    tensors = {name: value for name, value in tensors.items() if not name.startswith(CODEC_PREFIX)}
    tensors |= {f"{CODEC_PREFIX}{name}": value for name, value in codec.items()}
    metadata |= {} if card is None else {"card": card}
    with whole_file(out) as temporary:
        temporary.write_bytes(_with_sorted_metadata(save(tensors, metadata)))


def _with_sorted_metadata(data: bytes) -> bytes:
    """A safetensors file's bytes with sorted metadata, which the library writes in random order."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    return data[:8] + json.dumps(header, separators=(",", ":")).encode().ljust(end - 8) + data[end:]


def load_autoencoder(path: Path | str) -> SavedAutoencoder:
    """Reads `model.safetensors`, the run folder that holds it, or the pretrained model of that name (see `model_file`).
    Weights become float32. No code from the file is run. Raises BadInput for a file that is missing, damaged, of
    another kind, or of a newer version."""
    file = model_file(path)
    tensors, metadata = _read(file)
    try:
        spec = AutoencoderSpec(**json.loads(metadata["spec"]))
        if spec.task not in TASKS:
            raise ValueError(spec.task)
        net = build_network(spec)
        mean, std = tensors.pop("latent.mean"), tensors.pop("latent.std")
        codec = {
            name.removeprefix(CODEC_PREFIX): tensors.pop(name)
            for name in list(tensors)
            if name.startswith(CODEC_PREFIX)
        }
        if isinstance(net, RidgeAutoencoder) and spec.latent_layer != "linear":
            net.set_latent_grid(tensors["to_latent.entries"])
        net.load_state_dict(tensors)
    except (KeyError, TypeError, RuntimeError, ValueError) as error:
        raise BadInput(f"{file} does not fit its own description ({type(error).__name__}); train it again") from error
    net.eval().requires_grad_(False)
    return SavedAutoencoder(net, spec, mean, std, hashlib.sha256(file.read_bytes()).hexdigest(), codec)


def latent_scale(z: Tensor) -> tuple[Tensor, Tensor]:
    """Latent vectors (N, latent_dim) -> mean and standard deviation (1 if N is 1) of each dim, (latent_dim,) each."""
    return z.mean(0), z.std(0) if len(z) > 1 else torch.ones_like(z[0])


def _read(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and metadata of a model's file. Raises BadInput for another file."""
    try:
        with safe_open(file, framework="pt") as content:
            metadata = content.metadata() or {}
            tensors = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{file} is not a readable safetensors file ({error}); train or copy the model again") from error
    if metadata.get("format") != FORMAT:
        raise BadInput(f"{file} holds no ridgecode autoencoder; give the folder of a train-autoencoder run")
    if (version := metadata.get("version")) != str(VERSION):
        raise BadInput(f"{file} has format version {version}; this ridgecode reads {VERSION}: upgrade or retrain")
    return tensors, metadata
