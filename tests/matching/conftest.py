"""Small stores in memory, whose labels are those that the readers of the data sets give."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import settings

from ridgecode.prints.labels import PrintLabel, parse_socofing_name
from ridgecode.prints.store import INDEX_SCHEMA, PrintStore

# On a busy machine an example takes longer than hypothesis allows.
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")

StoreOf = Callable[..., PrintStore]


def store_of(
    labels: Sequence[PrintLabel], images: np.ndarray | None = None, source: str = "socofing", groups: dict | None = None
) -> PrintStore:
    """A store of prints with these labels. images: (N, H, W) uint8; if None, each pixel of a print is its row.

    groups: the duplicate group of some names.
    """
    n = len(labels)
    if images is None:
        images = np.broadcast_to(np.arange(n, dtype=np.uint8)[:, None, None], (n, 8, 8))
    height, width = images.shape[1:]
    rows = [
        {
            **asdict(label),
            "source": source,
            "duplicate_group": (groups or {}).get(label.name, -1),
            "offset": i * height * width,
            "height": height,
            "width": width,
        }
        for i, label in enumerate(labels)
    ]
    table = pa.Table.from_pylist(rows, schema=INDEX_SCHEMA)
    return PrintStore(Path("a-store"), {"source": source, "digest": "0" * 64}, table, images.reshape(-1))


def socofing_labels(subjects: Sequence[int], fingers: Sequence[str] = ("index", "thumb")) -> list[PrintLabel]:
    """For each finger a Real print and six altered ones: CR, Obl and Zcut of the levels Easy and Hard."""
    names = []
    for subject in subjects:
        for finger in fingers:
            stem = f"{subject}__M_Left_{finger}_finger"
            names.append(f"Real/{stem}")
            names += [f"Altered/Altered-{lv}/{stem}_{al}" for lv in ("Easy", "Hard") for al in ("CR", "Obl", "Zcut")]
    return [parse_socofing_name(name) for name in names]


def fvc_labels(fingers: int = 10, impressions: int = 8) -> list[PrintLabel]:
    return [
        PrintLabel(f"{100 + f}_{i}", str(100 + f), "", "", "", f"FVC2002_DB1_B/{100 + f}", i, "Real", "")
        for f in range(1, fingers + 1)
        for i in range(1, impressions + 1)
    ]


@pytest.fixture(scope="session")
def make_store() -> StoreOf:
    return store_of


@pytest.fixture(scope="session")
def make_socofing_labels() -> Callable[..., list[PrintLabel]]:
    return socofing_labels


@pytest.fixture(scope="session")
def make_fvc_labels() -> Callable[..., list[PrintLabel]]:
    return fvc_labels


@pytest.fixture
def labels() -> list[PrintLabel]:
    """The prints of 40 subjects of two fingers each."""
    return socofing_labels(range(1, 41))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """One thread, since on a busy machine the threads of such small heads wait for each other longer than they work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
