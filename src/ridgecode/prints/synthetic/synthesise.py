"""Writes a data set of synthetic prints with SOCOFing's folders, names and file format."""

import io
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ridgecode.errors import BadInput
from ridgecode.files import whole_folder
from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.images.write import write_image
from ridgecode.prints.labels import ALTERATIONS, ALTERED_LEVELS, FINGERS, HANDS, socofing_name
from ridgecode.prints.names import LARGE_SET
from ridgecode.prints.synthetic.alterations import alter
from ridgecode.prints.synthetic.impressions import HEIGHT, WIDTH, impression
from ridgecode.prints.synthetic.masters import (
    RIDGE_PERIOD,
    check_field_of_view,
    check_print_ppi,
    check_ridge_period,
    master_print,
)
from ridgecode.runs.cores import usable_cores

_MEN = 477 / 600  # SOCOFing's 477 men and 123 women


@dataclass(frozen=True)
class SynthesisReport:
    """What `synthesise` wrote below `out`: numbers of subjects, fingers, Real prints and altered prints; in how many
    seconds."""

    out: Path
    subjects: int
    fingers: int
    real: int
    altered: int
    seconds: float


@dataclass(frozen=True)
class _Finger:
    seed: int  # its own, so that a finger depends neither on other fingers nor on the thread that makes it
    subject: int
    sex: str
    hand: str
    digit: str


def synthesise(
    subjects: int,
    impressions: int,
    out: Path | str,
    seed: int = 0,
    alterations: bool | None = None,
    ridge_period: float = RIDGE_PERIOD,
    threads: int = 0,
    progress: bool = True,
    field_of_view: float = 1.0,
    ppi: float = CANONICAL_PPI,
) -> SynthesisReport:
    """Makes ten fingers a subject, in Real/ and Altered/Altered-Easy, -Medium and -Hard below `out`, as in SOCOFing.

    impressions: prints a finger; the first has SOCOFing's name, the others end in _2, _3, ...
    alterations: whether the first impression of each finger is also altered, in three ways at three levels; None
        alters prints at 200 ppi
    ridge_period: in pixels of the 97x90 print, 200 an inch, at every `ppi`
    threads: how many fingers are made at once; 0 takes one per usable core
    progress: whether to show a progress bar, where standard error is a terminal
    field_of_view: height and width of a print over those of SOCOFing's, 1 to 2
    ppi: pixels per inch of the prints, 200 to 1000; the ridges are drawn at this resolution

    With a larger field of view or another resolution, all impressions of all fingers lie in one folder `Synthetic`, as
    PNG with their resolution, named `finger_impression.png`, the finger's number being the subject's and one digit.
    Otherwise files are 96x103 8-bit grey BMP with SOCOFing's frame. SOCOFing's own Real files are
    32-bit, which would give away the altered ones. The same arguments give the same bytes, whatever `threads` is. The
    folder appears whole or not at all. Raises BadInput for a number out of range, and where `out` is a file, a folder
    with content, or a place that can't be written to.
    """
    out = Path(out)
    _check(subjects, impressions, out, seed, ridge_period, threads)
    check_field_of_view(field_of_view)
    check_print_ppi(ppi)
    alterations = ppi == CANONICAL_PPI if alterations is None else alterations
    socofing = field_of_view == 1 and ppi == CANONICAL_PPI
    if alterations and not socofing:
        flag = f"--field_of_view {field_of_view}" if field_of_view > 1 else f"--ppi {ppi:g}"
        raise BadInput(f"{flag} gives no altered prints: add --alterations false.")
    started = time.perf_counter()
    fingers = list(draw_fingers(subjects, seed))
    altered = len(ALTERATIONS) * len(ALTERED_LEVELS) if alterations else 0
    try:
        with whole_folder(out) as folder:
            if not socofing:
                (folder / LARGE_SET).mkdir()
                large = partial(_write_large, folder / LARGE_SET, impressions, ridge_period, field_of_view, ppi)
                _in_threads(large, fingers, threads or usable_cores(), progress)
                return _report(out, subjects, len(fingers), impressions, 0, started)
            for name in ("Real", *(f"Altered/Altered-{level}" for level in ALTERED_LEVELS if alterations)):
                (folder / name).mkdir(parents=True)

            def make(finger: _Finger) -> None:
                _write_finger(finger, folder, impressions, alterations, ridge_period)

            _in_threads(make, fingers, threads or usable_cores(), progress)
    except OSError as error:
        raise BadInput(f"--out {out} can't be written ({error.strerror or error}): choose another folder.") from error
    return _report(out, subjects, len(fingers), impressions, altered, started)


def _report(out: Path, subjects: int, fingers: int, impressions: int, altered: int, started: float) -> SynthesisReport:
    seconds = time.perf_counter() - started
    return SynthesisReport(out, subjects, fingers, fingers * impressions, fingers * altered, seconds)


def _in_threads(make: Callable[[_Finger], None], fingers: list[_Finger], threads: int, progress: bool) -> None:
    """Makes all fingers, with a progress bar. After an error it starts no further finger."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    pool = ThreadPoolExecutor(threads)
    try:
        with Progress(*columns, console=Console(stderr=True), disable=not (progress and sys.stderr.isatty())) as bar:
            for _ in bar.track(pool.map(make, fingers), total=len(fingers), description="Synthetic fingers"):
                pass
    finally:
        # After Ctrl-C too: the folder can be removed once no thread writes to it.
        pool.shutdown(cancel_futures=True)


def _check(subjects: int, impressions: int, out: Path, seed: int, ridge_period: float, threads: int) -> None:
    if not 1 <= subjects <= 1_000_000:
        raise BadInput(f"--subjects {subjects} is out of range: give 1 to 1000000.")
    if not 1 <= impressions <= 1000:
        raise BadInput(f"--impressions {impressions} is out of range: give 1 to 1000 a finger.")
    if seed < 0:
        raise BadInput(f"--seed {seed} is negative: give 0 or more.")
    check_ridge_period(ridge_period)
    if threads < 0:
        raise BadInput(f"--threads {threads} is negative: give 1 or more, or 0 for one a core.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput(f"--out {out} is there already and not an empty folder: give a new one, or empty it first.")


def draw_fingers(subjects: int, seed: int) -> Iterator[_Finger]:
    """Ten fingers of each subject. The seed and the subject's number alone decide them."""
    for subject in range(1, subjects + 1):
        rng = np.random.default_rng([seed, subject])
        sex = "M" if rng.random() < _MEN else "F"
        for hand in HANDS:
            for digit in FINGERS:
                yield _Finger(int(rng.integers(2**62)), subject, sex, hand, digit)


def _write_large(
    folder: Path, impressions: int, ridge_period: float, field_of_view: float, ppi: float, finger: _Finger
) -> None:
    master = master_print(finger.seed, None, ridge_period, finger.hand, finger.digit, field_of_view, ppi)
    number = HANDS.index(finger.hand) * len(FINGERS) + FINGERS.index(finger.digit)
    for nth in range(1, impressions + 1):
        write_image(folder / f"{finger.subject}{number}_{nth}.png", impression(master, finger.seed + nth), ppi)


def _write_finger(finger: _Finger, folder: Path, impressions: int, alterations: bool, ridge_period: float) -> None:
    master = master_print(finger.seed, ridge_period=ridge_period, hand=finger.hand, digit=finger.digit)
    for number in range(1, impressions + 1):
        pressed = impression(master, finger.seed + number)
        write_bmp(folder / f"{_name(finger, impression=number)}.BMP", pressed)
        if number == 1 and alterations:
            for level in ALTERED_LEVELS:
                for kind in ALTERATIONS:
                    path = folder / f"{_name(finger, level=level, alteration=kind)}.BMP"
                    write_bmp(path, alter(pressed, kind, level, finger.seed))


def _name(finger: _Finger, level: str = "Real", alteration: str = "", impression: int = 1) -> str:
    return socofing_name(str(finger.subject), finger.sex, finger.hand, finger.digit, level, alteration, impression)


def framed(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 (97, 90) -> (103, 96) with SOCOFing's frame: two rows and columns of 160 and 105 first, four black ones
    last."""
    frame = np.zeros((HEIGHT + 6, WIDTH + 6), np.uint8)
    frame[:-4, :-4] = 160
    frame[1:-4, 1:-4] = 105
    frame[2:-4, 2:-4] = image
    return frame


def write_bmp(path: Path, image: NDArray[np.uint8]) -> None:
    """Writes a print, uint8 (97, 90), in the format of SOCOFing's Altered files: 8-bit grey BMP with the frame.

    Raises OSError where the file can't be written.
    """
    # By way of memory: Pillow does not look whether the last bytes of a BMP found room on the disk.
    content = io.BytesIO()
    Image.fromarray(framed(image)).save(content, format="BMP")
    path.write_bytes(content.getvalue())
