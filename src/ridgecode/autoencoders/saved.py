"""An autoencoder as one safetensors file: weights, what they are, and the scale of its latent vectors."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Literal

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ridgecode.autoencoders.distortion import DistortionName, uses_logits
from ridgecode.autoencoders.half_precision import halved
from ridgecode.autoencoders.pca import PCA
from ridgecode.autoencoders.pretrained import model_file
from ridgecode.autoencoders.protocol import Pooling
from ridgecode.autoencoders.resnet import SEED_SIZE, ResNetAutoencoder, map_step
from ridgecode.autoencoders.ridge import UNSHUFFLE, LatentLayer, RidgeAutoencoder
from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.prints.views import VIEWS, View, ViewName

Backbone = Literal["pca", "resnet18", "resnet50", "ridge"]
Task = Literal["reconstruct", "repair"]
TASKS: tuple[Task, ...] = ("reconstruct", "repair")
Network = PCA | ResNetAutoencoder | RidgeAutoencoder
FORMAT, VERSION = "ridgecode-autoencoder", 1
RIDGE_BLOCKS, RIDGE_WIDTH = 1, 48
CODEC = "codec."
"""What the names of a codec's tensors begin with in a file."""


@dataclass(frozen=True)
class AutoencoderSpec:
    """What has to be known to build the network again, and the `task` that it was trained for: to give back its input,
    or the Real print of an altered one.

    pooling "auto" and seed_size 0 are the backbone's own: "mean" and 4 for ResNets, "none" and the whole map for ridge.
    latent_layer, blocks (residual blocks at each scale of encoder and decoder) and width (channels at the first scale,
    twice as many at the others) are of ridge alone; `usual_latent_layer`, RIDGE_BLOCKS and RIDGE_WIDTH tell what a new
    network has.
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
        # A grid is the same network on both views, so that one trained on crops starts the other.
        coarse = 2 if (self.view, self.latent_layer) == ("whole", "linear") else 1
        return (self.width, *[2 * self.width] * coarse)


@dataclass(frozen=True)
class SavedAutoencoder:
    """A network in evaluation mode with its spec.

    latent_mean, latent_std: (latent_dim,) of the latent vectors of training prints. sha256: of the file it came from.
    codec: tensors by which its latent vectors are coded to bytes, for the room that does so; empty where it has none.
    """

    net: Network
    spec: AutoencoderSpec
    latent_mean: Tensor
    latent_std: Tensor
    sha256: str
    codec: Mapping[str, Tensor] = field(default_factory=dict)


def build_network(spec: AutoencoderSpec) -> Network:
    """A network with fresh weights (PCA: zeros, to be fitted or loaded). Torch's global generator draws them.

    Raises BadInput for what `check_spec` refuses.
    """
    check_spec(spec)
    view, logits = spec.window, uses_logits(spec.distortion)
    if spec.backbone == "pca":
        return PCA(view.height, view.width, spec.latent_dim)
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
    """Of a `ridge` network that keeps all places "patches" where it `starts` from another model, else "grid" where it
    has a dim or more for each place; for all others "linear"."""
    if spec.backbone != "ridge" or spec.pooling == "mean" or spec.seed_size:
        return "linear"
    places = math.prod(side // (UNSHUFFLE * 2) for side in (spec.window.height, spec.window.width))
    return "patches" if starts else "grid" if spec.latent_dim >= places else "linear"


def check_spec(spec: AutoencoderSpec) -> None:
    """Raises BadInput for a `latent_dim` below 1, an option that means nothing for the backbone, or a seed that is
    larger than the decoder's first map."""
    if spec.latent_dim < 1:
        raise BadInput(f"--latent_dim is {spec.latent_dim}; a latent vector has at least 1 dim")
    if not spec.backbone.startswith("resnet"):
        for name in ("first_conv", "maxpool1"):
            if getattr(spec, name):
                raise BadInput(
                    f"--{name} is a part of resnet18 and resnet50; leave it out with --backbone {spec.backbone}"
                )
    if (layer := spec.latent_layer) != "linear":
        if spec.backbone != "ridge":
            raise BadInput(f"--latent_layer {layer} is a part of ridge; leave it out with --backbone {spec.backbone}")
        if spec.pooling == "mean" or spec.seed_size:
            raise BadInput(
                f"--latent_layer {layer} keeps every place; leave out --pooling and --seed_size, or give linear"
            )
    if spec.backbone == "pca":
        for name, own in (("pooling", "auto"), ("seed_size", 0)):
            if getattr(spec, name) != own:
                raise BadInput(f"--{name} is of a network's maps, which --backbone pca has none of; leave it out")
    else:
        step = UNSHUFFLE * 2 ** (len(spec.widths) - 1)
        side = spec.window.height // (step if spec.backbone == "ridge" else map_step(spec.first_conv, spec.maxpool1))
        if not 0 <= spec.seed_size <= side:
            raise BadInput(
                f"--seed_size is {spec.seed_size}; the decoder's first map has {side} places a side: give 1 to {side}, "
                "or 0 for the backbone's own"
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

    half: weights are written in 16 bits (see `halved`); they are loaded into float32 networks all the same. card: a
    `ModelCard` as JSON, for the header. codec: as `SavedAutoencoder` has it; its tensors are written as they are.
    Raises ValueError for weights that 16 bits don't hold.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in net.state_dict().items()}
    tensors |= {"latent.mean": latent_mean.float().cpu(), "latent.std": latent_std.float().cpu()}
    if half:
        tensors = halved(tensors)
    tensors |= {f"{CODEC}{name}": value.detach().cpu().contiguous() for name, value in (codec or {}).items()}
    # Files of a choice's default are older than the choice, and stay readable where it is not known.
    defaults = {each.name: each.default for each in fields(spec)}
    known = {name: value for name, value in asdict(spec).items() if value != defaults[name]}
    metadata = {"format": FORMAT, "version": str(VERSION), "spec": json.dumps(known, sort_keys=True)}
    if card is not None:
        metadata["card"] = card
    with whole_file(path) as temporary:
        temporary.write_bytes(_in_order(save(tensors, metadata)))


def write_with_codec(path: Path | str, out: Path, codec: Mapping[str, Tensor], card: str | None = None) -> None:
    """Writes the model that `load_autoencoder` reads at `path` to `out` whole, with the `codec` in place of its own.
    Weights stay as they are, 16 bits too, and so does the header, but for the `card` where one is given. Raises
    BadInput as `load_autoencoder` does."""
    tensors, metadata = _read(model_file(path))
    tensors = {name: value for name, value in tensors.items() if not name.startswith(CODEC)}
    tensors |= {f"{CODEC}{name}": value for name, value in codec.items()}
    metadata = metadata if card is None else {**metadata, "card": card}
    with whole_file(out) as temporary:
        temporary.write_bytes(_in_order(save(tensors, metadata)))


def _in_order(data: bytes) -> bytes:
    """The same safetensors file with its metadata sorted: the library writes them in another order each time, and equal
    runs shall give equal files."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    return data[:8] + json.dumps(header, separators=(",", ":")).encode().ljust(end - 8) + data[end:]


def load_autoencoder(path: Path | str) -> SavedAutoencoder:
    """Reads `model.safetensors`, the run folder that holds it, or the pretrained model of that name (see `model_file`).
    Nothing in the file is run. The network is a float32 one, also where the file has 16-bit weights.

    Raises BadInput for a missing, damaged or foreign file, or one of a newer version.
    """
    file = model_file(path)
    tensors, metadata = _read(file)
    try:
        spec = AutoencoderSpec(**json.loads(metadata["spec"]))
        if spec.task not in TASKS:
            raise ValueError(spec.task)
        net = build_network(spec)
        mean, std = tensors.pop("latent.mean"), tensors.pop("latent.std")
        codec = {name.removeprefix(CODEC): tensors.pop(name) for name in list(tensors) if name.startswith(CODEC)}
        if isinstance(net, RidgeAutoencoder) and spec.latent_layer != "linear":
            net.set_latent_grid(tensors["to_latent.entries"])
        net.load_state_dict(tensors)
    except (KeyError, TypeError, RuntimeError, ValueError) as error:
        raise BadInput(f"{file} does not fit its own description ({type(error).__name__}); train it again") from error
    net.eval().requires_grad_(False)
    return SavedAutoencoder(net, spec, mean, std, hashlib.sha256(file.read_bytes()).hexdigest(), codec)


def latent_scale(z: Tensor) -> tuple[Tensor, Tensor]:
    """(N, latent_dim) -> mean and standard deviation of each dim."""
    return z.mean(0), z.std(0) if len(z) > 1 else torch.ones_like(z[0])


def _read(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata as they lie in a model's file. Raises BadInput where it is none."""
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
