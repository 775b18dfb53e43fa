"""The speed of making synthetic prints, and of the filter pass beside a plain loop over pixels.

    python benchmarks/synthesise.py [--subjects 8] [--threads 0]

Takes about a minute on 2 cores.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from ridgecode.prints.synthetic.alterations import alter
from ridgecode.prints.synthetic.impressions import impression
from ridgecode.prints.synthetic.masters import master_print
from ridgecode.prints.synthetic.ridges import WIDTH, gabor_filter
from ridgecode.prints.synthetic.synthesise import synthesise


def loop_gabor_filter(image: NDArray[np.float32], theta: NDArray[np.float64], period: float) -> NDArray[np.float64]:
    """The oriented Gabor filter by its definition: a kernel of its own direction at each pixel; edges wrap round."""
    sigma, k = WIDTH * period, 2 * np.pi / period
    radius = int(np.ceil(4.5 * sigma))
    y, x = np.mgrid[radius : -radius - 1 : -1, -radius : radius + 1]
    envelope = np.exp(-(x**2 + y**2) / (2 * sigma**2))
    filtered = np.empty(image.shape)
    padded = np.pad(image.astype(float), radius, mode="wrap")
    for row, column in np.ndindex(image.shape):
        across = y * np.cos(theta[row, column]) - x * np.sin(theta[row, column])
        wave = np.cos(k * across)
        kernel = envelope * (wave - (envelope * wave).sum() / envelope.sum())
        kernel /= (kernel * wave).sum()
        filtered[row, column] = (padded[row : row + 2 * radius + 1, column : column + 2 * radius + 1] * kernel).sum()
    return filtered


def best_of(repeats: int, work, *arguments) -> float:
    """Seconds of the fastest of `repeats` calls, after one to warm up."""
    work(*arguments)
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        work(*arguments)
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subjects", type=int, default=8, help="of the whole synthesis, ten fingers each")
    parser.add_argument("--threads", type=int, default=0, help="of the whole synthesis, 0 for one a core")
    arguments = parser.parse_args()

    master = master_print(1)
    pressed = impression(master, 1)
    noise = np.random.default_rng(0).standard_normal(master.height.shape, dtype=np.float32)
    theta = master.direction.astype(float)
    fast = best_of(20, gabor_filter, noise, theta, 6.0)
    began = time.perf_counter()
    slow_result = loop_gabor_filter(noise, theta, 6.0)
    slow = time.perf_counter() - began
    difference = np.abs(gabor_filter(noise, theta, 6.0) - slow_result).max() / slow_result.std()
    with tempfile.TemporaryDirectory() as folder:
        whole = synthesise(arguments.subjects, 2, Path(folder) / "prints", threads=arguments.threads)

    table = Table("step", "a second", "ratio")
    table.add_row(f"filter pass, loop over {noise.size} pixels", f"{1 / slow:.2f}", "1")
    table.add_row("filter pass, angular harmonics by FFT", f"{1 / fast:.1f}", f"{slow / fast:.0f}")
    table.add_row("master prints, 1 thread", f"{1 / best_of(10, master_print, 1):.1f}", "")
    table.add_row("impressions, 1 thread", f"{1 / best_of(10, impression, master, 1):.1f}", "")
    table.add_row("alterations, 1 thread", f"{1 / best_of(10, alter, pressed, 'Obl', 'Hard', 1):.0f}", "")
    table.add_row(
        f"whole fingers: master, 2 impressions, 9 alterations, files; {arguments.threads or 'all'} threads",
        f"{whole.fingers / whole.seconds:.1f}",
        "",
    )
    console = Console()
    console.print(table)
    console.print(f"largest difference of the two filter passes: {difference:.1e} of the result's standard deviation")


if __name__ == "__main__":
    main()
