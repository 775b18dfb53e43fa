"""A saved autoencoder that takes prints as a user has them: the one way from prints to latent vectors and back.

prints (N, H, W) --view.take--> windows (N, height, width) --net.encode--> z (N, latent_dim)
x_hat (N, rows, columns) <--view.restore-- windows (N, height, width) <--net.decode-- z
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from ridgecode.autoencoders.inference import for_inference
from ridgecode.autoencoders.onnx_export import OnnxFiles, export_onnx
from ridgecode.autoencoders.saved import AutoencoderSpec, Network, SavedAutoencoder, load_autoencoder
from ridgecode.errors import BadInput
from ridgecode.prints.views import View

BATCH = 256
"""Prints that go through the network at once: the memory it needs does not grow with the number of prints given."""
ROUNDING = 1e-4
"""How far beyond [0, 1] grey values may lie: resampled prints overshoot by a rounding."""

Kind = TypeVar("Kind", np.ndarray, Tensor)


class Autoencoder:
    """An autoencoder, ready to use. Get one with `Autoencoder.load`.

    Prints `x` are grey, 0 a black ridge, 1 (or 255) the white background: uint8 of 0 to 255 or floats in [0, 1], one
    (H, W) or many (N, H, W) or (N, 1, H, W), a NumPy array or a tensor on any device. What comes back is float32 of the
    same kind, on the same device, without the axis N where one print was given. A print is cut to the view's window as
    training cut it, or padded with white; a window of the view's own size is taken as it is. No gradient is kept,
    unless a tensor asks for it with `requires_grad`.

    spec: what the network is, and what it was trained for
    view: the window it sees: `view.name`, `view.height`, `view.width`
    latent_dim: how many numbers a latent vector has
    latent_mean, latent_std: (latent_dim,) float32 tensors, of the latent vectors of training prints
    net: the network itself, in evaluation mode, (N, 1, height, width) in [0, 1] <-> (N, latent_dim)
    saved: what the model's file holds, its codec and SHA-256 among it
    """

    def __init__(self, saved: SavedAutoencoder, device: str | torch.device = "cpu") -> None:
        """Takes what `load_autoencoder` gives, and moves its network to `device`. Raises BadInput for a device that is
        not there."""
        try:
            self.device = torch.empty(0, device=device).device
        except (RuntimeError, AssertionError) as error:
            raise BadInput(f"the device {device} is not there; give cpu, or cuda where there is a GPU") from error
        self.saved = saved
        self.net: Network = saved.net.to(self.device)
        self.spec: AutoencoderSpec = saved.spec
        self.view: View = saved.spec.window
        self.latent_dim = saved.spec.latent_dim
        self.latent_mean, self.latent_std = saved.latent_mean.to(self.device), saved.latent_std.to(self.device)

    @classmethod
    def load(cls, model: Path | str, device: str | torch.device = "cpu") -> "Autoencoder":
        """Loads a pretrained model by its name (`ridgecode models` lists them), a run by its folder, or a model file.

        A path that exists wins over a name. Raises BadInput for a model or a device that is not there, or a file that
        can't be read.
        """
        return cls(load_autoencoder(model), device)

    def __repr__(self) -> str:
        spec = self.spec
        return f"Autoencoder({spec.backbone}, {spec.view}, {spec.latent_dim} dims, {self.device})"

    def for_inference(self) -> "Autoencoder":
        """The same autoencoder with a copy of its network that is ready to encode and decode. Each call of `encode` and
        `decode` makes such a copy, in a few milliseconds, unless it is called on what this method returns."""
        return Autoencoder(replace(self.saved, net=for_inference(self.net)), self.device)

    def encode(self, x: Kind) -> Kind:
        """Prints, as the class describes them -> latent vectors, (latent_dim,) or (N, latent_dim).

        The numbers are those that `net.encode` gives of the windows, but for rounding (below 1e-5). Raises BadInput (a
        ValueError) for another shape or type, values beyond the range, or NaN.
        """

        def encode(prints: Tensor, net: Network) -> Tensor:
            if not len(prints):  # torch's pixel_unshuffle leaves an empty batch as it is, which no convolution takes
                return prints.new_empty(0, self.latent_dim)
            return net.encode(self.view.take(prints)[:, None])

        return self._apply(x, "x", encode)

    def decode(self, z: Kind, window: bool = False) -> Kind:
        """Latent vectors, (latent_dim,) or (N, latent_dim) floats -> x_hat, (rows, columns) or (N, rows, columns) in
        [0, 1].

        Of the view `whole` that is the print again, 97x90, so that `decode(encode(prints))` lies on canonical prints
        pixel by pixel; of `crop32` it is the 32x32 crop. `target(prints)` gives the pixels to compare it with.
        window: give the network's own window instead, (height, width) or (N, height, width): 96x96 of `whole`.

        Raises BadInput (a ValueError) for another shape or type, NaN, or infinite values.
        """

        def decode(vectors: Tensor, net: Network) -> Tensor:
            windows = net.decode(vectors)[:, 0]
            return windows if window else self.view.restore(windows)

        return self._apply(z, "z", decode)

    def target(self, x: Kind) -> Kind:
        """Prints, as the class describes them -> the pixels that `decode` is compared with, in its shape, in [0, 1].

        `((target(x) - decode(encode(x))) ** 2).mean()` is the MSE of evaluations. Raises BadInput as `encode`.
        """
        return self._apply(x, "x", lambda prints, net: self.view.target(prints))

    kept = target
    """The older name of `target`."""

    def export_onnx(self, folder: Path | str) -> OnnxFiles:
        """Writes `encoder.onnx` and `decoder.onnx` into `folder` (see `onnx_export.export_onnx`).

        Raises BadInput without the extra `ridgecode[onnx]`, or where the files don't do what the network does.
        """
        return export_onnx(self.net, self.view.height, self.view.width, Path(folder))

    def _apply(self, given: Kind, name: str, work: Callable[[Tensor, Network], Tensor]) -> Kind:
        """`work` on all of `given`, batch by batch on the network's device; the result is of the kind of `given`."""
        if self.view.name == "full":
            raise BadInput(
                "a model of the view full has latent maps of each image's own size; load it with Codec.load, whose "
                "encode and decode take images of any size"
            )
        if isinstance(given, np.ndarray):
            # A copy where torch can't share the memory: negative strides, other byte orders, read-only arrays.
            return self._apply(_as_tensor(given, name), name, work).numpy()
        if not isinstance(given, Tensor):
            raise BadInput(f"{name} is a {type(given).__name__}; give a NumPy array or a torch tensor")
        many, alone = (_prints if name == "x" else self._vectors)(given)
        traced = given.requires_grad and torch.is_grad_enabled()
        net = self.net if traced else for_inference(self.net)
        with torch.set_grad_enabled(traced):
            parts = [work(_floats(part.to(self.device)), net) for part in many.split(BATCH)]
            done = torch.cat(parts).to(given.device)
            return done[0] if alone else done

    def _vectors(self, z: Tensor) -> tuple[Tensor, bool]:
        """z -> (N, latent_dim), and whether it was one vector."""
        if z.ndim not in (1, 2) or z.shape[-1] != self.latent_dim:
            raise BadInput(
                f"z has the shape {tuple(z.shape)}; give ({self.latent_dim},) or (N, {self.latent_dim}), as encode does"
            )
        if not z.is_floating_point():
            raise BadInput(f"z is {_type(z)}; give floats, as encode does")
        if not z.isfinite().all():
            raise BadInput("z holds NaN or infinite values; give latent vectors as encode does")
        return (z, False) if z.ndim == 2 else (z[None], True)


def _prints(x: Tensor) -> tuple[Tensor, bool]:
    """x -> (N, H, W), and whether it was one print."""
    if x.ndim == 4 and x.shape[1] == 1:
        x = x[:, 0]
    if x.ndim not in (2, 3) or 0 in x.shape[-2:]:
        raise BadInput(f"x has the shape {tuple(x.shape)}; give prints of (H, W), (N, H, W) or (N, 1, H, W)")
    if x.is_floating_point():
        _check_range(x.detach())
    elif x.dtype != torch.uint8:
        raise BadInput(f"x is {_type(x)}; give uint8 grey values of 0 to 255 or floats in [0, 1]")
    return (x, False) if x.ndim == 3 else (x[None], True)


def _check_range(x: Tensor) -> None:
    if not x.numel():
        return
    low, high = float(x.min()), float(x.max())
    if low != low or high != high:
        raise BadInput("x holds NaN; give grey values in [0, 1]")
    if low < -ROUNDING or high > 1 + ROUNDING:
        hint = "divide by 255, or give uint8" if low >= 0 and 2 < high <= 255 else "scale it, or give uint8 of 0 to 255"
        raise BadInput(f"x ranges from {low:g} to {high:g}, but floats are grey values in [0, 1]; {hint}")


def _floats(x: Tensor) -> Tensor:
    return x.float().div(255) if x.dtype == torch.uint8 else x.float()


def _as_tensor(given: np.ndarray, name: str) -> Tensor:
    """Any array of numbers that torch has a type for. Raises BadInput for others."""
    if given.dtype.kind == "f" and given.dtype.itemsize > 8:
        given = given.astype(np.float64)
    try:
        return torch.from_numpy(np.array(given, dtype=given.dtype.newbyteorder("="), order="C"))
    except TypeError:
        wanted = "uint8 grey values of 0 to 255 or floats in [0, 1]" if name == "x" else "floats, as encode does"
        raise BadInput(f"{name} is {given.dtype}; give {wanted}") from None


def _type(x: Tensor) -> str:
    return str(x.dtype).removeprefix("torch.")
