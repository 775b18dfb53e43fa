"""A threshold that was chosen on a person's own prints, as a small JSON file.

`ridgecode calibrate` writes it and every verb that takes a matcher takes it, as the matcher with that threshold. In the
folder of a run, calibration.json is used without being named.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ridgecode.errors import BadInput
from ridgecode.files import write_text
from ridgecode.matching.decision_threshold import ThresholdCounts
from ridgecode.matching.shipped.names import is_shipped

RUN_CALIBRATION = "calibration.json"
"""In the folder of a matcher's run."""
KIND = "ridgecode-calibration"
VERSION = 1
_LONGEST = 1 << 16
"""Bytes: a calibration is far shorter than that, a matcher's file far longer."""


@dataclass(frozen=True)
class Calibration:
    """A matcher and its threshold.

    matcher: a shipped matcher's name, or the path of a run's folder or a matcher's file, relative to the calibration's
    folder where it lies in it; sha256: of the matcher's file
    threshold: a score at or above it is a match; fmr: share of the non-mated comparisons that reach it, 0 to 1;
    wanted_fmr: what it was chosen for
    protocol: of the comparisons; counts: of them; n_failed_to_enrol: prints that were left out
    source, ppi: of the store's images; ppi 0 where none was given
    data_digest: of the store
    """

    matcher: str
    sha256: str
    threshold: float
    fmr: float
    wanted_fmr: float
    protocol: str
    counts: ThresholdCounts
    n_failed_to_enrol: int
    source: str
    ppi: float
    data_digest: str

    def write(self, file: Path) -> None:
        """Writes the file whole or not at all."""
        content = {"kind": KIND, "version": VERSION, **vars(self), "counts": self.counts._asdict()}
        write_text(file, json.dumps(content, indent=1) + "\n")

    @classmethod
    def read(cls, file: Path) -> "Calibration":
        """Raises BadInput for a file that is no calibration, or is damaged."""
        content = _content(file)
        if content is None:
            raise BadInput(f"{file} is no calibration; `ridgecode calibrate` writes one")
        if content.pop("version", None) != VERSION:
            raise BadInput(f"{file} is a calibration of another version of ridgecode; give `ridgecode calibrate` again")
        try:
            counts = ThresholdCounts(**content.pop("counts"))
            found = cls(**{key: value for key, value in content.items() if key != "kind"}, counts=counts)
            float(found.threshold), float(found.fmr), float(found.ppi), str(found.matcher) + found.sha256
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(
                f"{file} is a damaged calibration ({type(error).__name__}); give `ridgecode calibrate` again"
            ) from None
        return found

    def place_of_matcher(self, file: Path) -> Path:
        """The path or the name of the matcher, for a calibration that lies at `file`."""
        matcher = Path(self.matcher)
        return matcher if is_shipped(self.matcher) or matcher.is_absolute() else file.parent / matcher

    def check(self, file: Path, sha256: str) -> None:
        """Raises BadInput unless the matcher's file still has the hash that the calibration, at `file`, is of."""
        if sha256 != self.sha256:
            raise BadInput(
                f"{file} is a calibration of another matcher than {self.matcher} is now, which was trained or "
                "installed again since; give `ridgecode calibrate` again, or delete it"
            )


def is_calibration(file: Path) -> bool:
    """Whether a file holds a calibration."""
    return _content(file) is not None


def _content(file: Path) -> dict[str, Any] | None:
    try:
        if file.stat().st_size > _LONGEST:
            return None
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return dict(content) if isinstance(content, Mapping) and content.get("kind") == KIND else None
