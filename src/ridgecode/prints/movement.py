"""Moves prints as a finger moves on a sensor: rotation, shift, scale and blur, on a white background.

The `moved` protocol moves each probe by `movements_for(names)`; training moves probes by `random_movements`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ridgecode.errors import BadInput
from ridgecode.prints.canonical import WHITE

_PRINTS_AT_A_TIME = 64
"""So many stay in a core's cache: 64 x 97 x 90 floats are 2.2 MB."""

Prints = TypeVar("Prints", np.ndarray, Tensor)


class Movement(NamedTuple):
    """How N prints are moved. Every field is a float32 array of shape (N,).

    A print is scaled and turned about its centre, then shifted, then blurred.
    """

    rotation_deg: np.ndarray
    """Degrees, anticlockwise as seen."""
    shift_x: np.ndarray
    """Fraction of the width, positive to the right."""
    shift_y: np.ndarray
    """Fraction of the width (not of the height), positive downwards."""
    scale: np.ndarray
    """Magnification; above 1 widens the ridges."""
    blur_sigma: np.ndarray
    """Standard deviation of the Gaussian blur, in pixels; 0 leaves the print sharp."""
    stretch: np.ndarray
    """Magnification down the print over that across it, before it is turned; 1 keeps the shape."""


@dataclass(frozen=True)
class Limits:
    """How far prints are moved at random; each movement is uniform within its limits.

    rotation_deg: +- degrees. shift: +- a share of the width. scale: 1 +- `scale`. blur_sigma: 0 to so many pixels.
    per_axis: whether rows and columns are scaled independently. The defaults are those of the protocol `moved`.
    """

    rotation_deg: float = 20.0
    shift: float = 0.10
    scale: float = 0.10
    blur_sigma: float = 0.5
    per_axis: bool = False


PROTOCOL_LIMITS = Limits()


def movements_for(names: Sequence[str] | np.ndarray, seed: int = 0, limits: Limits = PROTOCOL_LIMITS) -> Movement:
    """The fixed movement of each named print, uniform within the limits.

    A movement is computed from a hash of its print's name (BLAKE2b of seed and name). It depends neither on the other
    names nor on their order, the platform or the version of any library.
    """
    size = 48 if limits.per_axis else 40  # 8 bytes a number; the digest's length changes the hash
    digests = b"".join(hashlib.blake2b(f"{seed}|{name}".encode(), digest_size=size).digest() for name in names)
    uniform = (np.frombuffer(digests, dtype="<u8").reshape(-1, size // 8) >> 11) * 2.0**-53
    return _within_limits(uniform, limits)


def random_movements(n: int, generator: np.random.Generator, limits: Limits = PROTOCOL_LIMITS) -> Movement:
    """`n` movements drawn from `generator`, uniform within the limits."""
    return _within_limits(generator.random((n, 6 if limits.per_axis else 5)), limits)


def no_movement(n: int) -> Movement:
    """The identity for `n` prints: `move` returns the same pixels."""
    zero = np.zeros(n, dtype=np.float32)
    one = np.ones(n, dtype=np.float32)
    return Movement(zero, zero, zero, one, zero, one)


def move(prints: Prints, movement: Movement) -> Prints:
    """Moves each print by its own movement: uint8 (N, H, W), array or tensor, to new prints of the same kind and shape.

    Interpolation is bilinear, and the blur's kernel ends at 4 sigma. All outside a print is white (255) for both. Each
    result depends on the print's own pixels and movement alone. A tensor stays on its device.
    Raises BadInput when `prints` is not uint8 (N, H, W) or `movement` is not for N prints.
    """
    if isinstance(prints, np.ndarray):
        # torch warns of read-only arrays, which a memory-mapped store's are.
        source = torch.from_numpy(prints if prints.flags.writeable else prints.copy())
        return _move_tensor(source, movement).numpy()
    return _move_tensor(prints, movement)


def _within_limits(uniform: np.ndarray, limits: Limits) -> Movement:
    """(N, 5 or 6) numbers in [0, 1) -> the movements of N prints."""
    signed = 2 * uniform - 1
    scale = 1 + limits.scale * signed[:, 3]
    columns = (
        limits.rotation_deg * signed[:, 0],
        limits.shift * signed[:, 1],
        limits.shift * signed[:, 2],
        scale,
        limits.blur_sigma * uniform[:, 4],
        (1 + limits.scale * signed[:, 5]) / scale if limits.per_axis else np.ones(len(uniform)),
    )
    return Movement(*(column.astype(np.float32) for column in columns))


def _move_tensor(prints: Tensor, movement: Movement) -> Tensor:
    if prints.dtype != torch.uint8 or prints.ndim != 3:
        raise BadInput(f"prints to move must be uint8 (N, H, W), not {prints.dtype} {tuple(prints.shape)}")
    fields = [torch.as_tensor(field, dtype=torch.float32, device=prints.device) for field in movement]
    if any(field.shape != (len(prints),) for field in fields):
        raise BadInput(f"{len(prints)} prints need {len(prints)} movements, not {len(movement.scale)}")
    if not bool(((fields[3] > 0) & (fields[5] > 0)).all()) or not bool((fields[4] >= 0).all()):
        raise BadInput("a movement's scale and stretch must be above 0 and its blur_sigma at least 0")
    moved = torch.empty_like(prints)
    for start in range(0, len(prints), _PRINTS_AT_A_TIME):
        part = slice(start, start + _PRINTS_AT_A_TIME)
        rotation_deg, shift_x, shift_y, scale, blur_sigma, stretch = (field[part] for field in fields)
        # Ink is 255 minus grey: 0 on the background, so that padding with zeros is white.
        ink = WHITE - prints[part].float()
        ink = blurred(_transform(ink, rotation_deg, shift_x, shift_y, scale, stretch), blur_sigma)
        moved[part] = (WHITE - ink).round_().clamp_(0, WHITE).to(torch.uint8)
    return moved


def _transform(
    ink: Tensor, rotation_deg: Tensor, shift_x: Tensor, shift_y: Tensor, scale: Tensor, stretch: Tensor
) -> Tensor:
    """Ink (N, H, W) float, scaled, turned and shifted; bilinear, zero outside."""
    height, width = ink.shape[1:]
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    angle = torch.deg2rad(rotation_deg)
    # For each output pixel, the place in the print that it comes from: shift back, then turn and scale back about the
    # centre. Elementwise products, since the rounding of a batched matrix product may depend on the batch.
    cosine, sine = (angle.cos() / scale)[:, None, None], (angle.sin() / scale)[:, None, None]
    x = torch.arange(width, device=ink.device)[None, None, :] - centre_x - (shift_x * width)[:, None, None]
    y = torch.arange(height, device=ink.device)[None, :, None] - centre_y - (shift_y * width)[:, None, None]
    from_x = x * cosine - y * sine
    from_y = (x * sine + y * cosine) / stretch[:, None, None]
    # grid_sample wants -1 at the first pixel's centre and 1 at the last one's (align_corners).
    grid = torch.stack((from_x / max(centre_x, 0.5), from_y / max(centre_y, 0.5)), dim=-1)
    return F.grid_sample(ink[:, None], grid, mode="bilinear", padding_mode="zeros", align_corners=True)[:, 0]


def blurred(ink: Tensor, sigma: Tensor) -> Tensor:
    """Ink (N, H, W), each print blurred by a Gaussian of its own `sigma` (N,) pixels; zero outside."""
    radius = (4 * sigma + 0.5).int()
    reach = int(radius.max())
    if reach == 0:
        return ink
    taps = torch.arange(-reach, reach + 1, device=ink.device)
    weights = torch.exp(-0.5 * (taps / sigma.clamp(min=1e-6)[:, None]) ** 2)
    # A print's kernel ends at its own 4 sigma; kernels of other prints in the batch may be longer.
    weights = torch.where(taps.abs() <= radius[:, None], weights, 0)
    weights = (weights / weights.sum(dim=1, keepdim=True))[:, :, None, None]
    height, width = ink.shape[1:]
    padded = F.pad(ink, (0, 0, reach, reach))
    # The kernel is symmetric: two rows have the same weight, so they are added first and multiplied once.
    down = weights[:, reach] * ink
    for k in range(1, reach + 1):
        pair = padded[:, reach - k : reach - k + height] + padded[:, reach + k : reach + k + height]
        down.addcmul_(weights[:, reach + k], pair)
    padded = F.pad(down, (reach, reach))
    across = weights[:, reach] * down
    for k in range(1, reach + 1):
        pair = padded[:, :, reach - k : reach - k + width] + padded[:, :, reach + k : reach + k + width]
        across.addcmul_(weights[:, reach + k], pair)
    return across
