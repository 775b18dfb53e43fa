"""Ridge orientation of a finger: the zero-pole model with a smooth correction, and the five pattern classes.

Sources: B. Sherlock and D. Monro, "A model for interpreting fingerprint topology", Pattern Recognition 26(7), 1993 (the
zero-pole model); P. Vizcaya and L. Gerhardt, "A nonlinear orientation model for global description of fingerprints",
Pattern Recognition 29(7), 1996 (a correction of each singularity's term); natural frequencies of the classes: C.
Wilson, G. Candela and C. Watson, "Neural network fingerprint classification", 1994; hands: most loops open towards the
little finger.

Finger coordinates are complex numbers in pixels of the 97x90 print, x to the right and y up, 0 at the finger's centre.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput

# Share of each class among all fingers; they sum to 1.
PATTERNS: dict[str, float] = {
    "arch": 0.037,
    "tented arch": 0.029,
    "left loop": 0.338,
    "right loop": 0.317,
    "whorl": 0.279,
}
# Share of loops that open towards the little finger: to the left on a left hand, to the right on a right one. Over both
# hands they give the shares of PATTERNS.
_ULNAR_SHARE = {"Left": 0.956, "Right": 0.924}


class Singularities(NamedTuple):
    """The points and numbers that decide a finger's orientation field.

    pattern: one of PATTERNS
    cores, deltas: complex finger coordinates; none for an arch
    swell: by how many radians ridges beside a core are turned towards the vertical, from 0 (the zero-pole model alone,
    nested parabolas) to pi/4 (half circles)
    tilt: radians added to the direction everywhere
    rise: an arch's steepest slope
    """

    pattern: str
    cores: NDArray[np.complex128]
    deltas: NDArray[np.complex128]
    swell: float
    tilt: float
    rise: float


def draw_pattern(rng: np.random.Generator, hand: str = "") -> str:
    """Draws a pattern class by its share in PATTERNS; most loops open to the little finger of a known hand ("Left",
    "Right")."""
    name = str(rng.choice(list(PATTERNS), p=list(PATTERNS.values())))
    if hand and name.endswith("loop"):
        other = {"Left": "Right", "Right": "Left"}[hand]
        opens = hand if rng.random() < _ULNAR_SHARE[hand] else other
        return f"{opens.lower()} loop"
    return name


def draw_singularities(rng: np.random.Generator, pattern: str) -> Singularities:
    """Places cores and deltas where fingers of this pattern class have them. Raises BadInput for an unknown class."""
    swell, tilt, rise = rng.uniform(0.45, 0.75), rng.normal(0.0, 0.04), rng.uniform(0.75, 1.15)
    cores: list[complex] = []
    deltas: list[complex] = []
    if pattern == "tented arch":
        cores = [complex(rng.normal(0, 1.5), rng.uniform(-2, 4))]
        deltas = [complex(rng.normal(0, 2), rng.uniform(-30, -22))]
    elif pattern in ("left loop", "right loop"):
        # A left loop's ridges leave at the lower left, so that its delta lies at the lower right.
        side = 1.0 if pattern == "left loop" else -1.0
        cores = [complex(rng.normal(0, 2), rng.uniform(-3, 3))]
        deltas = [complex(side * rng.uniform(20, 36), rng.uniform(-40, -28))]
    elif pattern == "whorl":
        half = rng.uniform(2.5, 11.0) * np.exp(1j * (np.pi / 2 + rng.normal(0, 0.3)))
        cores = [half, -half]
        deltas = [
            complex(-rng.uniform(26, 38), rng.uniform(-42, -28)),
            complex(rng.uniform(26, 38), rng.uniform(-42, -28)),
        ]
    elif pattern != "arch":
        raise BadInput(f"Pattern {pattern!r} is unknown: choose one of {', '.join(PATTERNS)}.")
    return Singularities(pattern, np.array(cores, complex), np.array(deltas, complex), swell, tilt, rise)


def orientation(z: NDArray[np.complex128], finger: Singularities) -> NDArray[np.float64]:
    """Ridge direction at finger coordinates `z` (any shape): radians from the x axis towards y up, in [-pi/2, pi/2).

    Zero-pole model: half the sum of the angles of `z` seen from the cores, minus half of those from the deltas. The
    correction subtracts swell * cos(angle), averaged over the cores; it is periodic in the angle, so that it changes no
    Poincare index. An arch has neither core nor delta: its slope is a sine across the finger, steeper further up.
    """
    if finger.pattern == "arch":
        theta = _arch(z, finger.rise)
    else:
        theta = np.zeros(z.shape)
        for core in finger.cores:
            angle = np.angle(z - core)
            theta += 0.5 * angle - finger.swell / len(finger.cores) * np.cos(angle)
        for delta in finger.deltas:
            theta -= 0.5 * np.angle(z - delta)
    theta = theta + finger.tilt
    return (theta + np.pi / 2) % np.pi - np.pi / 2


def _arch(z: NDArray[np.complex128], rise: float) -> NDArray[np.float64]:
    x, y = np.clip(z.real / 44.0, -1.0, 1.0), z.imag
    steepness = 0.12 + (1.0 + np.maximum(y, 0.0) / 50.0) / (1.0 + np.exp(-(y + 22.0) / 9.0))
    return np.arctan(-rise * steepness * np.sin(x * np.pi / 2))


def poincare_index(z: complex, finger: Singularities, radius: float = 2.0, steps: int = 720) -> float:
    """Turns of the ridge direction along a small circle round `z`: 1/2 at a core, -1/2 at a delta, 0 elsewhere."""
    circle = z + radius * np.exp(2j * np.pi * np.arange(steps + 1) / steps)
    turn = np.diff(orientation(circle, finger))
    turn = (turn + np.pi / 2) % np.pi - np.pi / 2
    return float(turn.sum() / (2 * np.pi))
