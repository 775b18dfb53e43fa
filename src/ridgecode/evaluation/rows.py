"""The prints of a store that an evaluation measures."""

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.prints.foreground import print_windows
from ridgecode.prints.store import PrintStore
from ridgecode.prints.training_rows import MAX_VALIDATION_FILES, settings_of, shuffled, takes_all_levels, training_rows
from ridgecode.prints.views import View
from ridgecode.runs.run_folder import RunFolder

LEAK = (
    "split by file: its training prints include alterations of these prints and other fingers of these subjects, so "
    "these figures are too good; never rank them against a split by subject"
)
"""The warning for figures of a run that was split by file."""


class MeasuredRows(NamedTuple):
    """Rows of a store, int64 (N,) each.

    split: "file" if they are the files that a run split by file held out, else the value of --split
    train: Real prints on which baselines are fitted
    real: Real prints to measure
    files: Real and altered prints to measure together, or None
    window_view: the view whose window is taken around the print, or None for prints with their frame
    """

    split: str
    train: NDArray[np.int64]
    real: NDArray[np.int64]
    files: NDArray[np.int64] | None
    window_view: View | None

    def prints(self, store: PrintStore, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The prints at `rows`, or the windows around them, (N, H, W) uint8."""
        if (view := self.window_view) is None:
            return store.stack(rows)
        return print_windows(store, rows, *(view.print_shape or (view.height, view.width)))


def measured_rows(
    run: Path,
    store: PrintStore,
    view: View,
    split: str,
    window: Literal["frame", "print"] = "frame",
    all_files: bool = False,
    needs_train: bool = True,
) -> MeasuredRows:
    """The prints of `store` on which `run` is measured.

    split, window, all_files: as in `ridgecode evaluate`; needs_train: whether baselines are fitted on the store's
    training prints. Raises BadInput for a split without Real prints and, if the run was split by file, for a split that
    holds files it was trained on, or for another store than its own.
    """
    folder = RunFolder(run)
    # A model file has no record of its split; pretrained models were split by subject.
    settings, trained_on = (folder.read_config(), folder.read_environment()) if run.is_dir() else ({}, {})
    split_by, levels, seed = settings_of(settings)
    own = settings.get("verb") == "train-autoencoder" and trained_on.get("source", store.source) == store.source
    window_view = view if window == "print" else None
    if own and split_by == "file" and split != "test":
        if split != "val":
            raise BadInput(
                f"--split {split} holds files that {run} was trained on, since it was split by file; give "
                "--split val for the files that it held out, or test"
            )
        if trained_on.get("data_digest") != store.digest:
            raise BadInput(
                f"{run} was split by file on another store than --data {store.path}; give that store, or --split test"
            )
        rows = training_rows(store, split_by, levels, seed)
        real = store.rows()
        train, held_out = (np.intersect1d(real, part) for part in rows)
        files = np.sort(rows.val[:MAX_VALIDATION_FILES]) if takes_all_levels(split_by, levels) else None
        found = MeasuredRows("file", train, held_out, files, window_view)
    else:
        files = None
        if all_files or (own and takes_all_levels(split_by, levels)):
            files = np.sort(shuffled(store.rows(split, levels=None), seed)[:MAX_VALIDATION_FILES])
        found = MeasuredRows(split, store.rows("train"), store.rows(split), files, window_view)
    if not len(found.real) or (needs_train and not len(found.train)):
        raise BadInput(f"--data {store.path} has no Real prints in the split {split} or in train; prepare more")
    return found
