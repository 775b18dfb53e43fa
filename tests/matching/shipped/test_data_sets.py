"""The terms of use of weights follow from the data sets that they were trained on."""

from pathlib import Path

from ridgecode.matching.shipped.data_sets import SYNTHETIC, TERMS, data_sets_of, licence, set_name, terms
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.store import PrintStore
from ridgecode.prints.synthetic.synthesise import synthesise


def test_licences() -> None:
    assert licence([SYNTHETIC]).startswith("MIT")
    said = licence(["SOCOFing", SYNTHETIC, "FCJ2020"])
    assert "research only" in said and "FCJ2020, SOCOFing" in said and SYNTHETIC not in said


def test_terms() -> None:
    assert "research" in terms("FCJ2020") and "research" in terms("SOCOFing")
    assert "free for research" in terms("FVC2002_DB1_B")
    assert terms("OWN") not in TERMS.values()
    assert set_name("", "socofing") == "SOCOFing" and set_name("UareU", "impressions") == "UareU"


def test_weights_of_synthetic_prints_of_a_larger_field_of_view_are_for_everyone(tmp_path: Path) -> None:
    synthesise(1, 2, tmp_path / "images", alterations=False, field_of_view=1.2, progress=False)
    store = prepare("impressions", tmp_path / "images", tmp_path / "store", person_digits=1, progress=False).path
    names = data_sets_of(PrintStore.open(store), "all")
    assert names == [SYNTHETIC] and licence(names).startswith("MIT")


def test_data_sets_of_a_store(make_store, make_fvc_labels, make_socofing_labels) -> None:  # type: ignore[no-untyped-def]
    assert data_sets_of(make_store(make_fvc_labels(), source="fvc"), "all") == ["FVC2002_DB1_B"]
    assert data_sets_of(make_store(make_socofing_labels([1, 2])), "all") == ["SOCOFing"]
    assert data_sets_of(make_store(make_socofing_labels([1, 2]), source="synthetic"), "all") == [SYNTHETIC]
