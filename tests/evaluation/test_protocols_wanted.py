"""Which protocols an evaluation measures."""

from pathlib import Path

import pytest

from ridgecode.errors import BadInput
from ridgecode.evaluation.protocols_wanted import protocols_wanted
from ridgecode.prints.store import PrintStore


def test_names_and_words(altered_store: Path) -> None:
    store, own = PrintStore.open(altered_store), ["aligned", "moved"]
    assert protocols_wanted("auto", store, "val", own) == own
    assert protocols_wanted("auto", store, "test", own) == []  # one subject
    assert protocols_wanted("none", store, "val", own) == []
    assert protocols_wanted(" moved, fvc-all,", store, "val", own) == ["moved", "fvc-all"]
    both = ["impressions", "impressions-all"]
    assert protocols_wanted("impressions,impressions-all", store, "val", own) == both
    with pytest.raises(BadInput, match="--protocols mated is unknown; give auto, none, or some of aligned, moved"):
        protocols_wanted("aligned,mated", store, "val", own)
    with pytest.raises(BadInput, match="reconstruction is for a minutiae matcher; give it to ridgecode evaluate-minut"):
        protocols_wanted("reconstruction", store, "val", own)
