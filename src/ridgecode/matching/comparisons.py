"""Comparison lists: which probe is compared with which reference. A list is data and knows no matcher.

A list is drawn once with a seed and saved as Parquet. Every system is measured on the same list.

- `aligned`: each altered print with its own finger's Real print (mated) and with Real prints of other subjects.
- `moved`: the same list, but `ridgecode.prints.movement.movements_for` moves each probe.
- `impressions`: Real prints only: each pair of impressions of a finger (mated), and each pair of first impressions of
  different fingers of one data set: 280 and 45 comparisons on an FVC B set. Source: Maio et al., "FVC2000: Fingerprint
  Verification Competition", IEEE TPAMI 24 (2002).
- `impressions-all`: the same mated pairs, and each pair of Real prints of different fingers of one data set: 280 and
  2,880 on an FVC B set.
- `fvc`, `fvc-all`: the same two, without pairs of two fingers of one subject, which FVC's own names never tell.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.matching.protocols import (
    BY_FINGER,
    FIRST_ONLY,
    PROTOCOLS,
    LabelledPrints,
    aligned_pairs,
    impression_pairs,
)
from ridgecode.prints.movement import move, movements_for
from ridgecode.prints.sets import has_sets, print_sets, set_names

if TYPE_CHECKING:
    from ridgecode.prints.store import PrintStore

NON_MATED_PER_PROBE = 50
"""How many references of other subjects an altered print is compared with."""
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class Comparisons:
    """N comparisons of P probes with R references.

    `probe_names` and `reference_names` are the prints' names in the store, sorted, each once. `probe_rows` and
    `reference_rows` are indices into them, so that a system embeds each print once. `split` and `store_digest` say what
    the list was drawn from; they are empty where that is not known. `probe_sets` and `reference_sets` are the prints'
    data sets, as `with_sets` finds them in a store; None where that has not been done, as in a list read from a file.
    """

    protocol: str
    probe_names: np.ndarray  # (P,) of str objects, like the next three
    probe_subjects: np.ndarray
    probe_levels: np.ndarray
    probe_alterations: np.ndarray
    reference_names: np.ndarray  # (R,)
    reference_subjects: np.ndarray  # (R,)
    probe_rows: np.ndarray  # (N,) int64
    reference_rows: np.ndarray  # (N,) int64
    mated: np.ndarray  # (N,) bool
    split: str = ""
    store_digest: str = ""
    probe_sets: np.ndarray | None = None  # (P,) of str objects
    reference_sets: np.ndarray | None = None  # (R,)

    def __len__(self) -> int:
        return len(self.mated)

    @property
    def probe(self) -> np.ndarray:
        """The name of each comparison's probe, (N,) of str objects, like the next five properties."""
        return self.probe_names[self.probe_rows]

    @property
    def reference(self) -> np.ndarray:
        return self.reference_names[self.reference_rows]

    @property
    def probe_subject(self) -> np.ndarray:
        return self.probe_subjects[self.probe_rows]

    @property
    def reference_subject(self) -> np.ndarray:
        return self.reference_subjects[self.reference_rows]

    @property
    def level(self) -> np.ndarray:
        """The probe's level: Real, Easy, Medium or Hard."""
        return self.probe_levels[self.probe_rows]

    @property
    def alteration(self) -> np.ndarray:
        """The probe's alteration: CR, Obl or Zcut; empty for a Real print."""
        return self.probe_alterations[self.probe_rows]

    @property
    def set(self) -> np.ndarray:
        """The data set of each comparison, (N,) of str objects; "" where its prints are of no known set, or of two."""
        if self.probe_sets is None or self.reference_sets is None:
            return np.full(len(self), "", dtype=object)
        of_probe, of_reference = self.probe_sets[self.probe_rows], self.reference_sets[self.reference_rows]
        return np.where(of_probe == of_reference, of_probe, "")

    @property
    def n_across_sets(self) -> int:
        """How many comparisons are between prints of two data sets."""
        if self.probe_sets is None or self.reference_sets is None:
            return 0
        return int((self.probe_sets[self.probe_rows] != self.reference_sets[self.reference_rows]).sum())

    @property
    def set_names(self) -> list[str]:
        """The data sets that have comparisons, sorted; none where the prints are of no known set."""
        return set_names(self.set)

    def save(self, path: Path | str) -> None:
        """Writes the list as Parquet, a row a comparison, whole or not at all; its metadata holds the other facts."""
        probe, reference = pa.array(self.probe_rows.astype(np.int32)), pa.array(self.reference_rows.astype(np.int32))
        columns = {
            "probe": pa.DictionaryArray.from_arrays(probe, pa.array(self.probe_names, pa.string())),
            "reference": pa.DictionaryArray.from_arrays(reference, pa.array(self.reference_names, pa.string())),
            "mated": pa.array(self.mated),
        }
        for name in _TEXT_COLUMNS[2:]:
            columns[name] = pa.array(getattr(self, name), pa.string()).dictionary_encode()
        drawn_from = {"split": self.split, "store_digest": self.store_digest}
        about = json.dumps({"format": _FORMAT, "protocol": self.protocol, **drawn_from})
        table = pa.table(columns).replace_schema_metadata({"ridgecode.comparisons": about})
        with whole_file(path) as temporary:
            pq.write_table(table, temporary, compression="zstd")

    @classmethod
    def load(cls, path: Path | str) -> "Comparisons":
        """Reads a list that `save` wrote. Raises BadInput, which names the file, if it is missing or no such list."""
        try:
            table = pq.read_table(path)
        except FileNotFoundError:
            raise BadInput(f"{path}: no such comparison list; `ridgecode evaluate` writes one") from None
        except (pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0]
            raise BadInput(
                f"{path}: not a comparison list in Parquet ({reason}); give one that `ridgecode evaluate` wrote"
            ) from None
        about = (table.schema.metadata or {}).get(b"ridgecode.comparisons")
        missing = [name for name in (*_TEXT_COLUMNS, "mated") if name not in table.column_names]
        if about is None or missing:
            raise BadInput(f"{path}: Parquet, but not a comparison list; give one that `ridgecode evaluate` wrote")
        facts = json.loads(about)
        text = {name: _sorted_dictionary(table[name]) for name in _TEXT_COLUMNS}
        (probe_names, probe_rows), (reference_names, reference_rows) = text["probe"], text["reference"]

        def per_print(name: str, n: int, rows: np.ndarray) -> np.ndarray:
            values, codes = text[name]
            per = np.zeros(n, dtype=np.int64)
            per[rows] = codes
            return values[per]

        return cls(
            protocol=facts["protocol"],
            probe_names=probe_names,
            probe_subjects=per_print("probe_subject", len(probe_names), probe_rows),
            probe_levels=per_print("level", len(probe_names), probe_rows),
            probe_alterations=per_print("alteration", len(probe_names), probe_rows),
            reference_names=reference_names,
            reference_subjects=per_print("reference_subject", len(reference_names), reference_rows),
            probe_rows=probe_rows,
            reference_rows=reference_rows,
            mated=table["mated"].to_numpy(),
            split=facts.get("split", ""),
            store_digest=facts.get("store_digest", ""),
        )


_TEXT_COLUMNS = ("probe", "reference", "probe_subject", "reference_subject", "level", "alteration")


def comparison_list(
    store: "PrintStore",
    split: str,
    protocol: str,
    non_mated_per_probe: int = NON_MATED_PER_PROBE,
    seed: int = 0,
    rows: np.ndarray | None = None,
) -> Comparisons:
    """Draws the comparisons of `protocol` among the store's prints of `split` ("train", "val", "test" or "all").

    rows: the store's rows to draw from, for a matcher that is too slow for all prints; None takes all of the split

    `aligned` and `moved` have the same list. Each altered print of a finger whose first impression is there as a Real
    print is compared with that print, and with `non_mated_per_probe` Real first impressions of other subjects, drawn
    without repeats, or with all of them if there are fewer. The draw depends on `seed` and the prints' names alone, not
    on their order in the store. Prints in duplicate groups are left out. Raises BadInput for an unknown protocol, or
    when the split gives no mated or no non-mated comparison.
    """
    if protocol not in PROTOCOLS:
        raise BadInput(f"no protocol is called {protocol!r}; choose from {', '.join(PROTOCOLS)}")
    prints = LabelledPrints(store, store.rows(split=split, levels=None, identity=True) if rows is None else rows)
    is_real = prints.level == "Real"
    where = f"{store.path}: the split {split!r}"
    if protocol in ("aligned", "moved"):
        probes, references = np.flatnonzero(~is_real), np.flatnonzero(is_real & (prints.impression == 1))
        pairs = aligned_pairs(prints, probes, references, non_mated_per_probe, seed, where)
    else:
        pairs = impression_pairs(prints, np.flatnonzero(is_real), FIRST_ONLY[protocol], protocol in BY_FINGER, where)
    probes, probe_rows = np.unique(pairs.probe, return_inverse=True)
    references, reference_rows = np.unique(pairs.reference, return_inverse=True)
    drawn = Comparisons(
        protocol=protocol,
        probe_names=prints.name[probes],
        probe_subjects=prints.subject[probes],
        probe_levels=prints.level[probes],
        probe_alterations=prints.alteration[probes],
        reference_names=prints.name[references],
        reference_subjects=prints.subject[references],
        probe_rows=probe_rows.astype(np.int64),
        reference_rows=reference_rows.astype(np.int64),
        mated=pairs.mated,
        split=split,
        store_digest=store.digest,
    )
    return with_sets(store, drawn)


def with_sets(store: "PrintStore", comparisons: Comparisons) -> Comparisons:
    """The list with the data sets of its prints. Raises BadInput when the store lacks a print."""
    names = comparisons.probe_names, comparisons.reference_names
    if not has_sets(store.source):  # one set; no need to look for the prints
        of_probes, of_references = (np.full(len(one), "", dtype=object) for one in names)
    else:
        of_probes, of_references = (print_sets(store, store_rows(store, one)) for one in names)
    return replace(comparisons, probe_sets=of_probes, reference_sets=of_references)


def store_rows(store: "PrintStore", names: Sequence[str] | np.ndarray) -> np.ndarray:
    """The rows of the named prints, int64 (N,). Raises BadInput, which names the print, if the store lacks one."""
    row_of = {name: row for row, name in enumerate(store.column("name").tolist())}
    try:
        return np.array([row_of[name] for name in names], dtype=np.int64)
    except KeyError as error:
        raise BadInput(
            f"{store.path} has no print {error.args[0]!r}, which the comparison list names; use the store of that list"
        ) from None


def probe_prints(store: "PrintStore", comparisons: Comparisons) -> np.ndarray:
    """The probes' images, uint8 (P, H, W) in the order of `probe_names`; moved if the protocol is `moved`.

    Raises BadInput when the store lacks a probe.
    """
    prints = store.stack(store_rows(store, comparisons.probe_names))
    return move(prints, movements_for(comparisons.probe_names)) if comparisons.protocol == "moved" else prints


def reference_prints(store: "PrintStore", comparisons: Comparisons) -> np.ndarray:
    """The references' images, uint8 (R,H,W) in the order of `reference_names`. Raises BadInput as `probe_prints`."""
    return store.stack(store_rows(store, comparisons.reference_names))


def _sorted_dictionary(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct values of a text column, sorted, as objects, and each row's index into them, int64."""
    encoded = column.combine_chunks()
    values = encoded.dictionary.to_numpy(zero_copy_only=False).astype(object)
    codes = encoded.indices.to_numpy()
    used = np.unique(codes)
    order = used[np.argsort(values[used])]
    place = np.zeros(len(values), dtype=np.int64)
    place[order] = np.arange(len(order))
    return values[order], place[codes]
