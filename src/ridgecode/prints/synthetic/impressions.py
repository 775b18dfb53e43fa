"""An impression: a finger pressed on a sensor, in 97x90 pixels as SOCOFing's prints or in a larger field of view.

Source of the skin distortion: R. Cappelli, D. Maio and D. Maltoni, "Modelling plastic distortion in fingerprint
images", ICAPR 2001.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ridgecode.errors import BadInput
from ridgecode.prints.canonical import CANONICAL_PPI, PRINT_SHAPE
from ridgecode.prints.synthetic.masters import Master
from ridgecode.prints.synthetic.smooth_noise import grain, smooth_noise

HEIGHT, WIDTH = PRINT_SHAPE
_FINE = 2  # skin is computed at twice the print's resolution and then averaged, as the cells of a sensor do


class Placement(NamedTuple):
    """How a finger lies on the sensor: its rotation in radians, anticlockwise, and the row and column of its centre in
    the print, in pixels of 200 an inch."""

    rotation: float
    row: float
    column: float


class Contact(NamedTuple):
    """How the skin meets the sensor.

    moisture: -1 (dry: thin, broken ridges) to 1.3 (wet: filled valleys)
    pressure: 0.8 to 1.15; more lets more of the fingertip touch
    residue: 0 (clean sensor) to 1
    """

    moisture: float
    pressure: float
    residue: float


def print_shape(field_of_view: float, ppi: float = CANONICAL_PPI) -> tuple[int, int]:
    """Height and width in pixels of the prints of a field of view, 1 for (97, 90) at 200 ppi."""
    times = field_of_view * (ppi / CANONICAL_PPI)
    return round(HEIGHT * times), round(WIDTH * times)


def draw_placement(rng: np.random.Generator) -> Placement:
    """A random placement: most fingers are upright, with their centre a little below the middle, as in SOCOFing."""
    rotation, row, column = rng.normal([0.0, 61.0, 45.0], [0.11, 7.0, 4.0])
    return Placement(float(np.clip(rotation, -0.35, 0.35)), float(np.clip(row, 44, 80)), float(np.clip(column, 35, 55)))


def draw_contact(rng: np.random.Generator) -> Contact:
    """A random contact: moisture and pressure around their usual values; 45 % of the sensors are not quite clean."""
    moisture = float(np.clip(rng.normal(0.48, 0.52), -1, 1.3))
    residue = float(rng.uniform(0.2, 1.0)) if rng.random() < 0.45 else 0.0
    return Contact(moisture, float(rng.uniform(0.84, 1.12)), residue)


def impression(
    master: Master, seed: int, placement: Placement | None = None, contact: Contact | None = None
) -> NDArray[np.uint8]:
    """Presses a master print: uint8, of the `print_shape` of its field of view and ppi, 0 on black ridges, 255 on the
    background.

    The same arguments give the same pixels. placement and contact are drawn by `seed` where they are None. Raises
    BadInput for a negative seed.
    """
    if seed < 0:
        raise BadInput(f"Seed {seed} is negative: give 0 or more.")
    rng = np.random.default_rng([seed, 0x696D])
    drawn_placement, drawn_contact = draw_placement(rng), draw_contact(rng)
    placement, contact = placement or drawn_placement, contact or drawn_contact
    height_px, width_px = print_shape(master.field_of_view, master.ppi)
    shape = (height_px * _FINE, width_px * _FINE)
    detail = master.ppi / CANONICAL_PPI
    if master.field_of_view != 1:
        placement = placement._replace(
            row=placement.row * master.field_of_view, column=placement.column * master.field_of_view
        )
    z = _finger_coordinates(shape, placement, detail)
    skin = distort(z, rng, detail)
    height = ndimage.map_coordinates(
        master.height,
        [master.centre[0] - skin.imag * master.scale, master.centre[1] + skin.real * master.scale],
        order=3,
        mode="mirror",
        output=np.float32,
    )
    return _print_skin(height, z, master.half_width, contact, rng, detail)


def _finger_coordinates(shape: tuple[int, int], placement: Placement, detail: float) -> NDArray[np.complex128]:
    """Finger coordinates (pixels of 200 an inch, y up, 0 at the finger's centre) of the middle of each fine pixel.

    detail: the resolution of the print over 200 ppi
    """
    rows, columns = (np.mgrid[: shape[0], : shape[1]] + 0.5) / (_FINE * detail) - 0.5
    return ((columns - placement.column) + 1j * (placement.row - rows)) * np.exp(-1j * placement.rotation)


def distort(z: NDArray[np.complex128], rng: np.random.Generator, detail: float = 1.0) -> NDArray[np.complex128]:
    """Elastic skin distortion (Cappelli et al. 2001): finger coordinates -> where each lies on the relaxed finger.

    The sensor holds the skin inside an ellipse. Outside it the skin follows the finger's shift and rotation, more so
    with distance. A weak smooth random field stands for what the model leaves out. Shifts stay below about 4 pixels.

    detail: how many times as close together the points of `z` are as those of a print at 200 ppi
    """
    slope = rng.uniform(18.0, 34.0)
    held = np.maximum(np.hypot(z.real / 16.0, z.imag / 20.0) - 1.0, 0.0) * 18.0
    brake = np.where(held < slope, 0.5 * (1.0 - np.cos(np.pi * held / slope)), 1.0)
    pulled = z * np.exp(1j * rng.normal(0.0, 0.035)) + complex(rng.normal(0.0, 1.3), rng.normal(0.0, 1.3))
    rest = smooth_noise(rng, z.shape, 60.0 * detail) + 1j * smooth_noise(rng, z.shape, 60.0 * detail)
    return z + (pulled - z) * brake + 0.6 * rest


def _touching(
    z: NDArray[np.complex128], half_width: float, pressure: float, rng: np.random.Generator, detail: float
) -> NDArray[np.float64]:
    """How far inside the skin that touches the sensor a point lies, in print pixels; negative outside."""
    half = half_width * np.sqrt(pressure)
    top = rng.normal(1.0, 0.07) * half + rng.uniform(1.0, 11.0)
    y = z.imag - (top - 1.08 * half)
    x = z.real - rng.normal(0.0, 1.5)
    # Above its widest place the shape is a rounded tip; below, nearly straight sides come together slowly.
    upper = (np.abs(x / half) ** 2.2 + np.abs(np.maximum(y, 0) / (1.08 * half)) ** 2.2) ** (1 / 2.2)
    lower = (np.abs(x / half) ** 2.6 + np.abs(np.minimum(y, 0) / (rng.uniform(1.6, 2.6) * half)) ** 2.6) ** (1 / 2.6)
    inside = (1.0 - np.where(y > 0, upper, lower)) * half
    return inside + 0.9 * smooth_noise(rng, z.shape, 16.0 * detail) + 0.4 * smooth_noise(rng, z.shape, 5.0 * detail)


def _print_skin(
    height: NDArray[np.float32],
    z: NDArray[np.complex128],
    half_width: float,
    contact: Contact,
    rng: np.random.Generator,
    detail: float,
) -> NDArray[np.uint8]:
    """Puts ink where the skin is higher than a level that moisture and pressure set, and averages it to the print's
    resolution: (H, W) uint8, half as high and wide as `height`.

    detail: the resolution of the print over 200 ppi, so that noise of every kind has the same size on the finger
    """
    shape = z.shape
    depth_inside = _touching(z, half_width, contact.pressure, rng, detail)
    moisture = contact.moisture + 0.46 * smooth_noise(rng, shape, 44.0 * detail)
    moisture = moisture + 0.18 * smooth_noise(rng, shape, 14.0 * detail)
    # Pressure decreases towards the outline, where ridges become thin, and towards the tip, where they become pale.
    edge = np.exp(-np.maximum(depth_inside, 0) / rng.uniform(2.0, 7.0))
    tip = 0.012 * np.maximum(z.imag, 0) * rng.uniform(0.0, 1.8)
    dryness = np.clip(-contact.moisture, 0, 1)
    level = -0.72 * moisture + 0.9 * edge + 0.45 * tip - 0.12
    rough = (0.30 + 0.55 * dryness) * grain(rng, shape, 1.5 * detail)
    rough = rough + (0.20 + 0.25 * dryness) * grain(rng, shape, 0.7 * detail)
    ink = 1.0 / (1.0 + np.exp(-np.clip((height + rough - level) / 0.16, -30, 30)))
    darkest = rng.choice([1.0, rng.uniform(0.72, 0.95)], p=[0.75, 0.25])
    ink *= darkest * np.clip(1.3 - 0.75 * edge - 1.05 * tip + 0.2 * moisture, 0.2, 1.0)
    ink *= depth_inside > 0
    ink = np.maximum(ink, _residue(shape, depth_inside, contact.residue, rng, detail))
    ink = ink.reshape(shape[0] // _FINE, _FINE, shape[1] // _FINE, _FINE).mean((1, 3))
    return np.rint(255.0 * np.clip(1.0 - 1.12 * ink, 0.0, 1.0)).astype(np.uint8)


def _residue(
    shape: tuple[int, ...],
    depth_inside: NDArray[np.float64],
    amount: float,
    rng: np.random.Generator,
    detail: float,
) -> NDArray[np.float64]:
    """Grease and dust: specks of ink, fewer away from the finger and more at the bottom."""
    down = np.linspace(0.0, 1.0, shape[0])[:, None] ** 2
    near = np.exp(np.minimum(depth_inside, 0) / 12.0)
    grey = amount * (down + 0.35 * near)
    specks = np.clip(0.7 * (grain(rng, shape, 0.9 * detail) - 3.4 + 3.8 * grey), 0.0, 0.6)
    return np.where(depth_inside > 0, 0.0, specks)
