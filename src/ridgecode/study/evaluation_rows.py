"""Which prints of a store an evaluation measures, and which windows of them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.prints.file_split import shuffled
from ridgecode.prints.foreground import print_windows
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import View, stack_prints
from ridgecode.study.evaluation import Evaluate, is_model
from ridgecode.study.run_folder import RunFolder
from ridgecode.study.training_rows import MOST_FILES, settings_of, takes_all_levels, training_rows

LEAK = (
    "split by file: alterations of the same prints and other fingers of the same subjects were trained on, so these "
    "figures are of prints that the network half knows; never rank them against a split by subject"
)


class MeasuredRows(NamedTuple):
    """Rows of a store, int64. split: "file" for the files that a run split by file held out, else that of --split.

    train: Real prints that baselines are fitted on; real: Real prints measured; files: Real and altered prints measured
    together, or None; around: the view whose window is taken around the print, or None for the middle of the frame.
    """

    split: str
    train: NDArray[np.int64]
    real: NDArray[np.int64]
    files: NDArray[np.int64] | None
    around: View | None

    def prints(self, store: PrintStore, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(N, H, W) uint8."""
        if self.around is None:
            return stack_prints(store, rows)
        return print_windows(store, rows, *(self.around.print_shape or (self.around.height, self.around.width)))


def measured_rows(config: Evaluate, store: PrintStore, view: View) -> MeasuredRows:
    """What `config` measures. Raises BadInput for a split of a run split by file that mixes what it was trained on with
    what it held out, for a store whose split that run can't have drawn, and for a split without Real prints."""
    run = RunFolder(config.run_path)
    # A model without a run's folder tells nothing of its split; those that are shipped were split by subject.
    settings, trained_on = ({}, {}) if is_model(config.run_path) else (run.read_config(), run.read_environment())
    split_by, levels, seed = settings_of(settings)
    own = settings.get("verb") == "train-autoencoder" and trained_on.get("source", store.source) == store.source
    around = view if config.window == "print" else None
    if own and split_by == "file" and config.split != "test":
        if config.split != "val":
            raise BadInput(
                f"--split {config.split} holds files that {run.path} was trained on, since it was split by file; give "
                "--split val for the files that it held out, or test"
            )
        if trained_on.get("data_digest") != store.digest:
            raise BadInput(
                f"{run.path} was split by file on another store than --data {config.data}; give that store, or "
                "--split test"
            )
        rows = training_rows(store, split_by, levels, seed)
        real = store.rows()
        train, held_out = (np.intersect1d(real, part) for part in rows)
        files = np.sort(rows.val[:MOST_FILES]) if takes_all_levels(split_by, levels) else None
        found = MeasuredRows("file", train, held_out, files, around)
    else:
        files = None
        if config.all_files or (own and takes_all_levels(split_by, levels)):
            files = np.sort(shuffled(store.rows(config.split, levels=None), seed)[:MOST_FILES])
        found = MeasuredRows(config.split, store.rows("train"), store.rows(config.split), files, around)
    if not len(found.real) or not (len(found.train) or config.pca_data):
        raise BadInput(f"--data {config.data} has no Real prints in the split {config.split} or in train; prepare more")
    return found
