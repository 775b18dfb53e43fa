"""The prepared store: canonical prints in one memory-mapped file, beside their labels.

A store is a folder of three files:
- `prints.u8`: the pixels of all prints, one print after the other, each row by row, without a header
- `index.parquet`: a row a print, with the columns of PrintLabel, then `source` (str), `duplicate_group` (int32, -1 for
  none), `offset` (int64, into prints.u8), `height` and `width` (int32)
- `store.json`: the format and its version, the request that the store answers, a digest, and the account: what was
  skipped, left out or taken in part
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.prints.canonical import CANONICAL_PPI, PRINT_SHAPE, at_print_shape
from ridgecode.prints.labels import LEVELS
from ridgecode.prints.splits import SPLITS, split_of
from ridgecode.runs.progress import with_progress

FORMAT = "ridgecode prints"
VERSION = 1
PIXELS_FILE = "prints.u8"
INDEX_FILE = "index.parquet"
STORE_FILE = "store.json"

INDEX_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("name", "subject", "sex", "hand", "finger", "finger_id")),
        ("impression", pa.int32()),
        ("level", pa.string()),
        ("alteration", pa.string()),
        ("source", pa.string()),
        ("duplicate_group", pa.int32()),
        ("offset", pa.int64()),
        ("height", pa.int32()),
        ("width", pa.int32()),
    ]
)


Fit = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
"""Brings images (N, H, W) of any size to one size, (N, height, width)."""


class PrintStore:
    """A prepared store, opened for reading. Get one with `PrintStore.open`.

    path: the store's folder
    source: "socofing", "fvc", "impressions", "folder" or "synthetic"
    digest: sha256 (hex) over pixels and labels: equal digests are equal stores
    canonical_ppi: pixels per inch of its prints; 200 unless `prepare --canonical_ppi` gave another
    """

    def __init__(self, path: Path, about: dict[str, Any], index: pa.Table, pixels: np.ndarray) -> None:
        self.path = path
        self.source: str = about["source"]
        self.digest: str = about["digest"]
        self.canonical_ppi = _canonical_ppi(about)
        self._left_out: list[dict[str, str]] = about.get("left_out", [])
        rules = about.get("request", {}).get("sets", {})
        self._split_numbers = {name: rule["split"] for name, rule in rules.items() if rule["split"]}
        self._index = index
        self._pixels = pixels
        self._columns: dict[str, np.ndarray] = {}
        self._split: np.ndarray | None = None
        self._fit: Fit | None = None
        heights, widths = self.column("height"), self.column("width")
        self._one_size = len(index) > 0 and bool((heights == heights[0]).all() and (widths == widths[0]).all())

    @classmethod
    def open(cls, path: Path | str) -> "PrintStore":
        """Opens the store at `path` without reading its pixels.

        Raises BadInput where there is no store, it is of another version, or its files don't belong together.
        """
        path = Path(path)
        about = read_about(path)
        try:
            index = _read_index(path / INDEX_FILE)
            size = (path / PIXELS_FILE).stat().st_size
        except (OSError, pa.ArrowException) as error:
            raise _broken(path, f"its {INDEX_FILE} or {PIXELS_FILE} can't be read") from error
        if not index.schema.equals(INDEX_SCHEMA):
            raise _broken(path, f"its {INDEX_FILE} has other columns")
        if len(index) != about["n_prints"] or len(index) == 0:
            raise _broken(path, f"its {INDEX_FILE} has {len(index)} rows where {STORE_FILE} counts {about['n_prints']}")
        heights, widths = (index[name].to_numpy().astype(np.int64) for name in ("height", "width"))
        ends = np.cumsum(heights * widths)
        if size != ends[-1] or not np.array_equal(index["offset"].to_numpy(), ends - heights * widths):
            raise _broken(path, f"its {PIXELS_FILE} has {size} bytes where {INDEX_FILE} counts {ends[-1]}")
        pixels = np.memmap(path / PIXELS_FILE, dtype=np.uint8, mode="r")
        return cls(path, about, index, pixels)

    def __len__(self) -> int:
        return len(self._index)

    def at_ppi(self, ppi: float) -> "PrintStore":
        """The store itself, for whoever needs prints at `ppi` pixels per inch. Raises BadInput where its prints have
        another resolution."""
        if self.canonical_ppi != ppi:
            raise BadInput(
                f"the store {self.path} keeps prints at {self.canonical_ppi:g} ppi where {ppi:g} are needed: give "
                f"another, of images that were prepared with --canonical_ppi {ppi:g}"
            )
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickled by its path, so that another process opens the store itself: its memory map would be sent as a copy.
        return _opened, (self.path, self._fit)

    @property
    def one_size(self) -> bool:
        """Whether all prints have the same height and width."""
        return self._one_size

    def fitted(self, fit: Fit) -> "PrintStore":
        """The same store, whose `stack` and `prints` bring each print to one size by `fit`, one print at a time.

        For models that take images of any size: the prints of the store are never in memory together at full size.
        """
        store = PrintStore.__new__(PrintStore)  # not a copy, for which `__reduce__` would open the store again
        store.__dict__.update(self.__dict__)
        store._fit = fit
        return store

    def column(self, name: str) -> np.ndarray:
        """One column of the index, a read-only array (N,) of str or integers. Raises KeyError for an unknown name."""
        if name not in self._columns:
            column = self._index[name]
            text = pa.types.is_string(column.type)
            values = np.array(column.to_pylist(), dtype=str) if text else column.to_numpy()
            values.flags.writeable = False
            self._columns[name] = values
        return self._columns[name]

    def copies(self) -> dict[str, str]:
        """The names of prints that were left out since they equal another one of their finger, each with the name of
        that one. Empty for stores of earlier versions."""
        return {entry["name"]: entry["copy_of"] for entry in self._left_out if "copy_of" in entry}

    def image(self, row: int) -> np.ndarray:
        """The print of a row: uint8 (H, W), 0 black ridge, 255 white background, a read-only view of the memory map."""
        height, width = int(self.column("height")[row]), int(self.column("width")[row])
        offset = int(self.column("offset")[row])
        return self._pixels[offset : offset + height * width].reshape(height, width)

    def prints(
        self, split: str = "all", levels: Sequence[str] | None = ("Real",), identity: bool = False
    ) -> NDArray[np.uint8]:
        """The prints that `rows` finds with the same arguments, as `stack` returns them: uint8 (N, H, W)."""
        return self.stack(self.rows(split, levels, identity))

    def stack(self, rows: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """The prints of `rows` as a new array, uint8 (N, H, W), 0 black ridge, 255 white background.

        Where all prints of the store have one size they stay as they are. Otherwise each is cut, or padded with white,
        around its middle to the canonical 97 x 90, whichever rows are asked for: all stacks of a store have one size.
        A `fitted` store brings them to its own size instead. Raises IndexError for a row that the store does not have,
        and BadInput for prints of several sizes at another resolution than 200 ppi, of which 97 x 90 is a small part.
        """
        rows = np.asarray(rows, dtype=np.int64)
        if self._fit is not None:
            return self._fitted_stack(rows, self._fit)
        if self._one_size:
            height, width = int(self.column("height")[0]), int(self.column("width")[0])
            return np.asarray(self._pixels).reshape(-1, height, width)[rows]
        self.at_ppi(CANONICAL_PPI)
        stacked = np.empty((len(rows), *PRINT_SHAPE), np.uint8)
        for place, row in enumerate(rows):
            stacked[place] = at_print_shape(self.image(int(row)))
        return stacked

    def _fitted_stack(self, rows: NDArray[np.int64], fit: Fit) -> NDArray[np.uint8]:
        shape = fit(np.empty((0, 1, 1), np.uint8)).shape[1:]
        stacked = np.empty((len(rows), *shape), np.uint8)
        for place, row in enumerate(with_progress(rows, "Reading images", len(rows))):
            stacked[place] = fit(np.asarray(self.image(int(row)))[None])[0]
        return stacked

    def rows(self, split: str = "all", levels: Sequence[str] | None = ("Real",), identity: bool = False) -> np.ndarray:
        """The row numbers of the prints asked for: int64 (N,), ascending.

        split: "train", "val", "test" (see `split_of`) or "all"
        levels: of "Real", "Easy", "Medium", "Hard"; None for all
        identity: True leaves out fingers whose Real print is in a duplicate group, and their altered prints, since
        nobody knows whose prints those are
        Raises BadInput for an unknown split or level.
        """
        if split not in ("all", *SPLITS):
            raise BadInput(f"there is no split {split!r}: choose one of all, {', '.join(SPLITS)}")
        wanted = np.ones(len(self), bool)
        if levels is not None:
            unknown = set(levels) - set(LEVELS)
            if unknown:
                raise BadInput(f"there is no level {min(unknown)!r}: choose from {', '.join(LEVELS)}")
            wanted &= np.isin(self.column("level"), list(levels))
        if split != "all":
            if self._split is None:
                self._split = split_of(self.source, self.column("subject"), numbers=self._split_numbers)
            wanted &= self._split == split
        if identity:
            fingers = self.column("finger_id")
            wanted &= ~np.isin(fingers, fingers[self.column("duplicate_group") >= 0])
        return np.flatnonzero(wanted)


def joint_digest(stores: Sequence[PrintStore]) -> str:
    """One store's own digest, or one (hex) of the digests of several."""
    if len(stores) == 1:
        return stores[0].digest
    return hashlib.sha256(" ".join(store.digest for store in stores).encode()).hexdigest()


def _opened(path: Path, fit: Fit | None) -> PrintStore:
    store = PrintStore.open(path)
    return store if fit is None else store.fitted(fit)


def read_about(path: Path) -> dict[str, Any]:
    """The content of the store.json at `path`. Raises BadInput where there is none, or one of another version."""
    if not path.is_dir():
        raise BadInput(f"{path} is no folder: make a store with `ridgecode prepare --out {path}`")
    try:
        about = json.loads((path / STORE_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(
            f"{path} is no prepared store, since it has no {STORE_FILE}: make one with `ridgecode prepare`"
        ) from error
    except (OSError, ValueError) as error:
        raise _broken(path, f"its {STORE_FILE} can't be read") from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise _broken(path, f"its {STORE_FILE} is of another kind")
    if about.get("version") != VERSION:
        raise BadInput(
            f"the store {path} has format version {about.get('version')} where this ridgecode reads {VERSION}: "
            "delete it and prepare it again"
        )
    if not {"source", "digest", "n_prints", "request", "skipped"} <= about.keys():
        raise _broken(path, f"its {STORE_FILE} lacks a key")
    return about


def _canonical_ppi(about: Mapping[str, Any]) -> float:
    # Written only where it is not 200, so that stores of all versions at 200 ppi are the same files.
    return float(about.get("request", {}).get("canonical_ppi", CANONICAL_PPI))


def store_digest(
    sha256_of_pixels: bytes,
    index: pa.Table,
    split_numbers: Mapping[str, Mapping[str, str]] | None = None,
    canonical_ppi: float = CANONICAL_PPI,
) -> str:
    """sha256 (hex) over the sha256 of the pixels and the values of the index, however Parquet packs these.

    split_numbers: `numbers` of `split_of`, which count too: a comparison list of a split is of one digest
    canonical_ppi: of the prints; counts where it is not 200
    """
    values = json.dumps(index.to_pydict(), separators=(",", ":"), sort_keys=True).encode()
    numbers = json.dumps(split_numbers, sort_keys=True).encode() if split_numbers else b""
    resolution = b"" if canonical_ppi == CANONICAL_PPI else f"{canonical_ppi:g} ppi".encode()
    return hashlib.sha256(sha256_of_pixels + values + numbers + resolution).hexdigest()


def _read_index(path: Path) -> pa.Table:
    # Not pq.read_table: it imports pyarrow.dataset, which takes longer than all else here.
    # Through a handle: Arrow takes paths as UTF-8 only, whatever the locale is.
    with path.open("rb") as handle, pq.ParquetFile(handle) as file:
        return file.read(use_threads=False)


def _broken(path: Path, why: str) -> BadInput:
    return BadInput(f"the store {path} is broken, since {why}: delete it and prepare it again")
