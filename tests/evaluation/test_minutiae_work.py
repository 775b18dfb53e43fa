"""Stored templates and scores of a minutiae matcher: made once, and refused where a file is damaged."""

from pathlib import Path

import numpy as np
import pytest

from ridgecode.errors import BadInput
from ridgecode.evaluation import minutiae_work
from ridgecode.evaluation.minutiae_work import stored_scores, stored_templates
from ridgecode.matching.minutiae.orb import Orb
from ridgecode.matching.minutiae.template import Minutiae
from ridgecode.prints.synthetic.impressions import impression
from ridgecode.prints.synthetic.masters import master_print


@pytest.fixture(scope="module")
def prints() -> np.ndarray:
    one, other = (impression(master_print(number), number) for number in range(2))
    return np.stack([one, other, one])


def test_templates_and_scores_are_the_matchers_own_and_made_once(
    prints: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minutiae_work, "SCORES_PER_FILE", 3)
    files = stored_templates("orb", prints, tmp_path, 1)
    assert files[0] == files[2] != files[1]  # equal prints share a file
    templates = [Orb().extract(print) for print in prints]
    for file, template in zip(files, templates, strict=True):
        np.testing.assert_array_equal(Minutiae.load(file).descriptors, template.descriptors)
    pairs = [(i, j) for i in range(2) for j in range(2)]
    probes, references = ([files[pair[side]] for pair in pairs] for side in (0, 1))
    scores = stored_scores("orb", probes, references, tmp_path, 1)
    assert scores.tolist() == [Orb().compare(templates[i], templates[j]) for i, j in pairs]
    assert len(list(tmp_path.glob("orb-scores-*.npy"))) == 2

    times = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert stored_templates("orb", prints, tmp_path, 1) == files
    assert stored_scores("orb", probes, references, tmp_path, 1).tolist() == scores.tolist()
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == times


def test_damaged_scores_are_refused_by_their_name(prints: np.ndarray, tmp_path: Path) -> None:
    files = stored_templates("orb", prints[:1], tmp_path, 1)
    stored_scores("orb", files, files, tmp_path, 1)
    (stored,) = tmp_path.glob("orb-scores-*.npy")
    np.save(stored, np.zeros(3))
    with pytest.raises(BadInput, match=rf"{stored.name} holds scores of shape \(3,\), not 1"):
        stored_scores("orb", files, files, tmp_path, 1)
    stored.write_bytes(b"nothing")
    with pytest.raises(BadInput, match=rf"{stored.name}: no scores"):
        stored_scores("orb", files, files, tmp_path, 1)
