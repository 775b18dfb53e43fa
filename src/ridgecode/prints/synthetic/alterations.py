"""The three alterations of SOCOFing's Altered folders at three levels, imitated on any print.

Source: Y. Shehu et al., "Sokoto Coventry Fingerprint Dataset", arXiv 1807.10609, 2018, who used the STRANGE toolbox.
Pixels outside the altered region keep their values.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ridgecode.errors import BadInput
from ridgecode.prints.labels import ALTERATIONS, ALTERED_LEVELS
from ridgecode.prints.synthetic.smooth_noise import smooth_noise

# Least and largest share of the print's pixels inside the altered region, about as in SOCOFing's own files. Their Hard
# files go further; beyond 30 % too little of a print is left to compare.
_AREA = {
    ("CR", "Easy"): (0.10, 0.13),
    ("CR", "Medium"): (0.19, 0.22),
    ("CR", "Hard"): (0.26, 0.295),
    ("Obl", "Easy"): (0.08, 0.13),
    ("Obl", "Medium"): (0.18, 0.22),
    ("Obl", "Hard"): (0.26, 0.295),
    ("Zcut", "Easy"): (0.025, 0.032),
    ("Zcut", "Medium"): (0.11, 0.15),
    ("Zcut", "Hard"): (0.20, 0.25),
}


def alter(image: NDArray[np.uint8], kind: str, level: str, seed: int) -> NDArray[np.uint8]:
    """An altered copy of a print, as in SOCOFing: uint8 (H, W), 0 on black ridges, pixel-aligned with the print.

    kind: "CR", "Obl" or "Zcut"; level: "Easy", "Medium" or "Hard". At least 70 % of the pixels keep their values: most
    at Easy, fewest at Hard, where the print fills its image. The same arguments give the same pixels. Raises BadInput
    for another kind, level, shape or type, or a negative seed.
    """
    if kind not in ALTERATIONS or level not in ALTERED_LEVELS:
        raise BadInput(
            f"Alteration {kind!r} at level {level!r} is unknown: choose {', '.join(ALTERATIONS)} at "
            f"{', '.join(ALTERED_LEVELS)}."
        )
    if image.ndim != 2 or image.dtype != np.uint8 or min(image.shape) < 32:
        raise BadInput(
            f"A print to alter must be uint8 (H, W) of at least 32x32 pixels, not {image.dtype} {image.shape}."
        )
    if seed < 0:
        raise BadInput(f"Seed {seed} is negative: give 0 or more.")
    rng = np.random.default_rng([seed, ALTERATIONS.index(kind), ALTERED_LEVELS.index(level)])
    area = rng.uniform(*_AREA[kind, level]) * image.size
    edit = {"CR": _rotate_disc, "Obl": _obliterate, "Zcut": _cut_z}[kind]
    altered, region = edit(image, area, rng)
    return np.where(region, np.rint(np.clip(altered, 0, 255)).astype(np.uint8), image)


def _centre(image: NDArray[np.uint8], reach: float, rng: np.random.Generator) -> tuple[float, float]:
    """(row, column) of a place around which skin fills most of a circle of radius `reach`: the best of 12 drawn."""
    skin = ndimage.uniform_filter((image < 200).astype(np.float32), 9) > 0.25
    covered = ndimage.uniform_filter(skin.astype(np.float32), max(3, int(1.6 * reach)), mode="constant")
    drawn = rng.uniform([0.25, 0.25], [0.85, 0.75], (12, 2)) * image.shape
    row, column = drawn[np.argmax(covered[tuple(drawn.astype(int).T)])]
    margin = np.minimum(0.9 * reach, 0.45 * np.array(image.shape))
    row, column = np.clip([row, column], margin, np.array(image.shape) - 1 - margin)
    return float(row), float(column)


def _rotate_disc(
    image: NDArray[np.uint8], area: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Turns a disc of the print about its centre and draws a pale seam around it."""
    radius = np.sqrt(area / np.pi)
    row, column = _centre(image, radius, rng)
    angle = np.deg2rad(rng.uniform(50.0, 310.0))
    y, x = np.indices(image.shape) - np.array([row, column])[:, None, None]
    r = np.hypot(y, x)
    turned = ndimage.map_coordinates(
        image.astype(float),
        [row + y * np.cos(angle) - x * np.sin(angle), column + y * np.sin(angle) + x * np.cos(angle)],
        order=1,
        mode="nearest",
    )
    seam_width, seam_strength = rng.uniform(1.5, 3.5), rng.uniform(0.45, 0.85)
    seam = seam_strength * np.exp(-(((r - radius + seam_width) / seam_width) ** 2))
    return turned * (1 - seam) + 255.0 * seam, r < radius


def _obliterate(
    image: NDArray[np.uint8], area: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Blurs the ridges of a patch and covers them with blotches, most in its middle."""
    radius = np.sqrt(area / np.pi)
    row, column = _centre(image, radius, rng)
    y, x = np.indices(image.shape) - np.array([row, column])[:, None, None]
    stretch = np.exp(rng.normal(0.0, 0.12))
    r = np.hypot(y * stretch, x / stretch) * (1.0 + 0.13 * smooth_noise(rng, image.shape, 12.0))
    # The patch is made of its `area` innermost pixels, so that its ragged outline does not change its size.
    edge = np.partition(r, int(area), axis=None)[int(area)]
    strength = np.clip(1.9 * (1.0 - r / edge), 0.0, 0.92)
    blurred = ndimage.gaussian_filter(image.astype(float), 2.5)
    blotches = rng.uniform(50.0, 120.0) * smooth_noise(rng, image.shape, rng.uniform(4.0, 7.0))
    fine = rng.uniform(6.0, 45.0) * smooth_noise(rng, image.shape, 2.5)
    return image * (1 - strength) + np.clip(blurred + blotches + fine, 15, 245) * strength, r < edge


def _cut_z(
    image: NDArray[np.uint8], area: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """A Z-shaped cut whose two triangular flaps change places, with pale seams along the cut (a Z-plasty).

    The flaps lie on the two sides of the Z's middle stroke. Each turns about its own end of that stroke, the hinge,
    into the other's place, by the affine map between the triangles, so that its ridges turn with it.
    """
    slimness, lean = rng.uniform(0.45, 0.65), rng.uniform(-0.4, 0.4)
    length = np.sqrt(area / (2.0 * slimness))  # half the middle stroke
    breadth = slimness * length  # from the stroke to a flap's tip
    row, column = _centre(image, 0.8 * length, rng)
    tilt = rng.uniform(-0.9, 0.9)
    y, x = np.indices(image.shape) - np.array([row, column])[:, None, None]
    u = (x * np.cos(tilt) - y * np.sin(tilt)) / length
    v = (x * np.sin(tilt) + y * np.cos(tilt)) / breadth
    # The lower flap is the upper one turned by 180 degrees. The upper flap's corners: the stroke's ends (-1, 0) and
    # (1, 0), and the tip (lean, 1).
    side = np.where(v > 0, 1.0, -1.0)
    of_tip = side * v
    of_end = (1.0 - of_tip + side * u - lean * of_tip) / 2
    of_hinge = 1.0 - of_tip - of_end
    # About the hinge (-1, 0): the lower flap's tip (-lean, -1) comes to the stroke's other end, and that end to the
    # upper flap's tip.
    source_u = side * (-of_hinge - lean * of_end + of_tip)
    source_v = side * -of_end
    source_x, source_y = source_u * length, source_v * breadth
    swapped = ndimage.map_coordinates(
        image.astype(float),
        [
            row - source_x * np.sin(tilt) + source_y * np.cos(tilt),
            column + source_x * np.cos(tilt) + source_y * np.sin(tilt),
        ],
        order=1,
        mode="nearest",
    )
    # Distances in pixels to the middle stroke, and to the stroke between hinge and tip.
    middle, outer = of_tip * breadth, of_end * 2.0 * breadth / np.hypot(slimness, 1.0 + lean)
    seam = rng.uniform(0.5, 0.9) * np.exp(-((np.minimum(middle, outer) / 0.9) ** 2))
    return swapped * (1 - seam) + 255.0 * seam, (of_tip < 1) & (of_end > 0) & (of_hinge > 0)
