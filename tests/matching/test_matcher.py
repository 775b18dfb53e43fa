"""`Matcher` against the scores that an evaluation takes, and what it refuses."""

import hashlib
import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.commands.decoded_images import write_images
from ridgecode.errors import BadInput
from ridgecode.matching.comparisons import comparison_list
from ridgecode.matching.matcher import Comparison, Matcher
from ridgecode.matching.saved_matcher import load_matcher
from ridgecode.matching.scored_lists import ScoredList
from ridgecode.matching.shipped.parts import AUTOENCODER_FILE
from ridgecode.matching.siamese.saved import load_siamese
from ridgecode.matching.templates import enrolment
from ridgecode.matching.templates.format import TemplateFormat
from ridgecode.prints.store import PrintStore
from support.fake_matchers import fake_head_run, fake_run, fake_siamese_run

Make = Callable[..., Path]
MAKES = {"head": fake_head_run, "siamese": fake_siamese_run}


@pytest.fixture(scope="module", params=sorted(MAKES))
def make(request: pytest.FixtureRequest) -> Make:
    return MAKES[request.param]


@pytest.fixture(scope="module")
def run(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("matcher") / "run")


@pytest.fixture(scope="module")
def matcher(run: Path) -> Matcher:
    return Matcher.load(run)


@pytest.fixture(scope="module")
def pair(altered_store: Path) -> list[np.ndarray]:
    return list(PrintStore.open(altered_store).prints("val")[:2])


def own_score(run: Path, a: np.ndarray, b: np.ndarray) -> float:
    """By the networks alone, one pair at a time."""
    if not (run / AUTOENCODER_FILE).is_file():
        saved = load_siamese(run / "model.safetensors")
        x = torch.from_numpy(np.stack([a, b])[:, None, ::2, ::2].copy()).float() / 255
        with torch.no_grad():
            e = saved.net.embed(x)
            return float(saved.net.score(e[:1], e[1:]))
    autoencoder, head = load_autoencoder(run / AUTOENCODER_FILE), load_matcher(run / "model.safetensors").head
    x = torch.from_numpy(autoencoder.spec.window.take(np.stack([a, b]))[:, None]).float() / 255
    with torch.no_grad():
        z = autoencoder.net.encode(x)
        return float(head(z[:1], z[1:]))


def test_a_score_is_that_of_the_networks(run: Path, matcher: Matcher, pair: list[np.ndarray]) -> None:
    found = matcher.compare(*pair)
    assert isinstance(found, Comparison)
    assert found.score == pytest.approx(own_score(run, *pair), abs=1e-5)
    assert (found.threshold, found.fmr) == (matcher.threshold, matcher.fmr)
    assert found.decision is (found.score >= found.threshold)


def test_scores_are_those_of_an_evaluation(matcher: Matcher, altered_store: Path) -> None:
    store = PrintStore.open(altered_store)
    scored = ScoredList.of(store, comparison_list(store, "val", "aligned"))
    scores = scored.scores(matcher.system)
    listed = scored.comparisons
    assert listed.mated.any() and not listed.mated.all()
    for row in range(0, len(listed), 5):
        probe, reference = scored.probes[listed.probe_rows[row]], scored.references[listed.reference_rows[row]]
        assert matcher.compare(probe, reference).score == pytest.approx(float(scores[row]), abs=1e-5)


def test_floats_and_uint8_give_the_same(matcher: Matcher, pair: list[np.ndarray]) -> None:
    score = matcher.compare(*pair).score
    for kind in (np.float32, np.float64):
        assert matcher.compare(*((one / 255).astype(kind) for one in pair)).score == score
    assert matcher.compare(pair[0], pair[1] / 255).score == score


def test_the_decision_flips_at_the_threshold(
    make: Make, matcher: Matcher, pair: list[np.ndarray], tmp_path: Path
) -> None:
    score = matcher.compare(*pair).score
    for name, threshold, decision in (("at", score, True), ("above", math.nextafter(score, math.inf), False)):
        found = Matcher.load(make(tmp_path / name, threshold=threshold)).compare(*pair)
        assert found == Comparison(score, threshold, matcher.fmr, decision)


def test_templates_and_scores(matcher: Matcher, altered_store: Path) -> None:
    prints = PrintStore.open(altered_store).prints("val")
    templates = matcher.templates(prints)
    assert templates.shape == (len(prints), matcher.system.bytes // 4) and templates.dtype == np.float32
    np.testing.assert_allclose(matcher.templates(prints[2]), templates[2:3], atol=1e-5)
    assert matcher.templates(prints[:0]).shape == (0, templates.shape[1])
    scores = matcher.scores(templates[:-1], templates[1:])
    expected = [matcher.compare(a, b).score for a, b in pairwise(prints)]
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    with pytest.raises(BadInput, match="3 probes and 2 references"):
        matcher.scores(templates[:3], templates[:2])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.zeros(90, np.uint8), r"the shape \(90,\)"),
        (np.zeros((1, 1, 97, 90), np.uint8), r"the shape \(1, 1, 97, 90\)"),
        (np.zeros((97, 0), np.uint8), r"the shape \(97, 0\)"),
        (np.zeros((97, 90), np.int64), "are int64; give uint8"),
        (np.zeros((97, 90), bool), "are bool; give uint8"),
        (np.zeros((97, 90), object), "are object; give uint8"),
        (np.full((97, 90), 1.5), r"floats in \[0, 1\]"),
        (np.full((97, 90), -0.5), r"floats in \[0, 1\]"),
        (np.full((97, 90), np.nan), r"floats in \[0, 1\]"),
        (np.full((97, 90), np.inf), r"floats in \[0, 1\]"),
        (np.zeros((2, 97, 90), np.uint8), "one print"),
        (np.zeros((0, 97, 90), np.uint8), "one print"),
    ],
)
def test_arrays_that_are_no_print(matcher: Matcher, pair: list[np.ndarray], given: Any, said: str) -> None:
    for both in ((given, pair[1]), (pair[0], given), (given, given)):
        with pytest.raises(BadInput, match=said) as raised:
            matcher.compare(*both)
        assert "\n" not in str(raised.value)


def test_an_image_file_is_read_as_the_store_was(matcher: Matcher, altered_store: Path, tmp_path: Path) -> None:
    store = PrintStore.open(altered_store)
    row = int(store.rows("val")[0])
    file = altered_store.parent / "images" / f"{store.column('name')[row]}.BMP"
    np.testing.assert_array_equal(matcher.read_image(file), store.image(row))
    np.testing.assert_array_equal(matcher.read_image(str(file)), store.image(row))
    with pytest.raises(BadInput, match=r"none\.BMP"):
        matcher.read_image(tmp_path / "none.BMP")


def test_what_a_matcher_says_of_itself(tmp_path: Path) -> None:
    head, image = (
        Matcher.load(fake_head_run(tmp_path / "head")),
        Matcher.load(str(fake_siamese_run(tmp_path / "image"))),
    )
    assert (head.threshold, head.fmr, head.protocol) == (0.25, 0.001, "moved")
    assert head.autoencoder is not None and head.autoencoder.latent_dim == 6 and head.head is not None
    assert repr(head) == "Matcher(head, threshold 0.25)"
    assert (image.threshold, image.fmr, image.protocol) == (-0.5, 0.002, "pairs-by-subject")
    assert image.autoencoder is None and image.head is None
    assert repr(image) == "Matcher(contrastive (ours), threshold -0.5)"
    assert head.source == image.source == "socofing"


def test_runs_of_the_older_verb(tmp_path: Path, pair: list[np.ndarray]) -> None:
    for name, make in MAKES.items():
        new, old = make(tmp_path / name), make(tmp_path / f"old-{name}", verb="train-matcher")
        assert Matcher.load(old).compare(*pair) == Matcher.load(new).compare(*pair)


def test_runs_that_cannot_be_loaded(make: Make, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not a run"):
        Matcher.load(tmp_path / "none")
    with pytest.raises(BadInput, match="is no matcher: give the folder of a train-head or train-siamese run"):
        Matcher.load(fake_run(tmp_path / "autoencoder", {"verb": "train-autoencoder"}, {}))
    run = make(tmp_path / "run")
    verb = "train-head" if make is fake_head_run else "train-siamese"
    model = run / "model.safetensors"
    whole = model.read_bytes()
    model.write_bytes(whole[:-4])
    with pytest.raises(BadInput, match=r"model\.safetensors"):
        Matcher.load(run)
    model.unlink()
    with pytest.raises(BadInput, match=f"no trained matcher yet; give its {verb} command again"):
        Matcher.load(run)


def test_a_head_needs_its_own_autoencoder(tmp_path: Path) -> None:
    run = fake_head_run(tmp_path / "run")
    file = run / AUTOENCODER_FILE
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(BadInput, match="not the autoencoder"):
        Matcher.load(run)
    file.unlink()
    with pytest.raises(BadInput, match=r"autoencoder\.safetensors"):
        Matcher.load(run)


def test_prints_in_other_forms(matcher: Matcher, pair: list[np.ndarray]) -> None:
    a, b = pair
    of_tensor = matcher.compare(torch.from_numpy(a / 255).requires_grad_(), b)  # type: ignore[arg-type]
    assert of_tensor == matcher.compare(a / 255, b)
    ragged: Any = [[0, 1], [0]]
    for wrong, sentence in (
        (np.full(a.shape, np.nan), "hold NaN"),
        (a / 2, "range from 0 to 127.5"),
        (a.astype(int), "are int64"),
        (ragged, "a list of another form"),
    ):
        with pytest.raises(BadInput, match=sentence):
            matcher.compare(wrong, b)
    assert len(matcher.templates(np.stack(pair)[:0])) == 0


def test_templates_of_other_shapes(matcher: Matcher, pair: list[np.ndarray]) -> None:
    found = matcher.templates(np.stack(pair))
    assert matcher.scores(found[:0], found[:0]).shape == (0,)
    for others, sentence in ((found[:1], "as many of each"), (found[:, :2], "of equal size"), (found[0], "the shapes")):
        with pytest.raises(BadInput, match=sentence):
            matcher.scores(found, others)


def test_a_ppi_that_is_none(matcher: Matcher, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no resolution"):
        matcher.read_image(tmp_path / "a.png", -5.0)


@pytest.mark.parametrize("source", ["socofing", "fvc", "impressions", "folder"])
def test_what_decode_drew_stays_as_it_is(tmp_path: Path, source: str) -> None:
    matcher, drawn = Matcher.load(fake_head_run(tmp_path / "run")), np.random.default_rng(0).random((1, 97, 90))
    matcher.source = source
    write_images(tmp_path, ["one"], drawn)
    for ppi in (0.0, 500.0):
        np.testing.assert_array_equal(matcher.read_image(tmp_path / "one.png", ppi), np.rint(drawn[0] * 255))


def test_an_image_of_any_size_with_its_ppi(matcher: Matcher, tmp_path: Path) -> None:
    scan = np.random.default_rng(0).integers(0, 256, (338, 248), np.uint8)
    Image.fromarray(scan).save(tmp_path / "scan.png", dpi=(500, 500))
    with pytest.raises(BadInput, match=r"scan\.png is 248 x 338 .* --ppi \(its header says 500\)"):
        matcher.read_image(tmp_path / "scan.png")
    expected = Image.fromarray(scan).resize((99, 135), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(matcher.read_image(tmp_path / "scan.png", 500), np.asarray(expected))


@pytest.mark.parametrize("source", ["socofing", "folder"])
def test_what_was_left_out_of_an_image_is_said(
    matcher: Matcher, tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    matcher.source = source
    pages = [Image.new("L", (90, 97), grey) for grey in (1, 2, 3)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    matcher.read_image(tmp_path / "a.tif")
    assert capsys.readouterr().err == f"ridgecode: {tmp_path / 'a.tif'} holds 3 pages; the first is taken\n"


FORMATS = [TemplateFormat(64, 8), TemplateFormat(32, 4), TemplateFormat(64, 1)]


@pytest.fixture(scope="module", params=FORMATS, ids=str)
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    """A head whose templates are integers."""
    run = fake_head_run(tmp_path_factory.mktemp("stored") / "run", embedding_dim=64, template=request.param)
    return Matcher.load(run)


def test_stored_templates_and_their_scores(stored: Matcher, altered_store: Path) -> None:
    prints, format = PrintStore.open(altered_store).prints("val"), stored.system.format
    assert format is not None and stored.autoencoder is not None and stored.head is not None
    found = stored.templates(prints)
    assert (found.data.shape, found.data.dtype) == ((len(prints), format.bytes), np.uint8)
    assert stored.system.bytes == format.bytes
    assert found.enrolled.all() and (found.quality >= 0).all() and found.quality.dtype == np.float32
    with torch.no_grad():
        e = stored.head.embed(torch.from_numpy(stored.autoencoder.encode(prints))).numpy()
    integers = format.quantise(e).astype(np.int64)
    np.testing.assert_array_equal(found.numbers, integers)
    scores = stored.score(found, found[:3])
    assert (scores.shape, scores.dtype) == ((len(prints), 3), np.float32)
    np.testing.assert_allclose(scores, integers @ integers[:3].T * format.scale, rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(stored.scores(found[1:4], found[:3]), scores[1:4].diagonal())
    assert stored.compare(prints[2], prints[0]).score == pytest.approx(float(scores[2, 0]), abs=0.02)


def test_stored_scores_are_those_of_an_evaluation(stored: Matcher, altered_store: Path) -> None:
    store = PrintStore.open(altered_store)
    scored = ScoredList.of(store, comparison_list(store, "val", "aligned"))
    probes, references = stored.templates(scored.probes), stored.templates(scored.references)
    rows = scored.comparisons.probe_rows, scored.comparisons.reference_rows
    np.testing.assert_array_equal(scored.scores(stored.system), stored.score(probes, references)[rows])


def test_scores_of_each_with_each(matcher: Matcher, altered_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of templates of floats, in several blocks."""
    monkeypatch.setattr("ridgecode.matching.systems._PAIRS", 7)
    found = matcher.templates(PrintStore.open(altered_store).prints("val"))
    some = found[:3]
    assert found.data.shape == (len(found), matcher.system.bytes)
    scores = matcher.score(found, some)
    for i in range(3):
        expected = matcher.scores(found, found[np.full(len(found), i)])
        np.testing.assert_allclose(scores[:, i], expected, rtol=1e-5, atol=1e-6)
    assert matcher.score(found[:0], some).shape == (0, 3) and matcher.score(some, found[:0]).shape == (3, 0)


def test_templates_of_another_matcher_are_refused(stored: Matcher, pair: list[np.ndarray], tmp_path: Path) -> None:
    other = Matcher.load(fake_head_run(tmp_path / "other", threshold=0.5, embedding_dim=64, template=FORMATS[0]))
    own, theirs = stored.templates(np.stack(pair)), other.templates(np.stack(pair))
    model = tmp_path / "other" / "model.safetensors"
    assert theirs.matcher == hashlib.sha256(model.read_bytes()).hexdigest() != own.matcher
    for a, b in ((own, theirs), (theirs, own), (theirs, theirs)):
        for score in (stored.score, stored.scores):
            with pytest.raises(BadInput, match="the templates are of the matcher") as raised:
                score(a, b)
            sentence = str(raised.value)
            for named in (theirs.matcher[:12], own.matcher[:12], stored.name):
                assert named in sentence


def test_prints_that_fail_to_enrol(tmp_path: Path, altered_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prints = PrintStore.open(altered_store).prints("val")[:4].copy()
    prints[1] = 255  # no ridges
    monkeypatch.setattr(enrolment, "print_quality", lambda grey: 0.0 if grey.min() == 255 else 50.0)
    matcher = Matcher.load(fake_head_run(tmp_path / "run", embedding_dim=64, template=FORMATS[0], least_quality=12.0))
    assert matcher.least_quality == 12.0
    found = matcher.templates(prints)
    assert found.enrolled.tolist() == [True, False, True, True] and found.quality.tolist() == [50, 0, 50, 50]
    assert not found.data[1].any() and found.data[0].any()
    scores, enrolled = matcher.score(found, found), found.enrolled
    np.testing.assert_array_equal(np.isnan(scores), ~(enrolled[:, None] & enrolled[None]))
    np.testing.assert_array_equal(np.isnan(matcher.scores(found, found)), ~enrolled)
    with pytest.raises(BadInput, match=r"the second print: no ridges were found, its quality is 0\.0 of 100"):
        matcher.compare(prints[0], prints[1])
    with pytest.raises(BadInput, match=r"^A\.png: no ridges"):
        matcher.compare(prints[1], prints[0], ("A.png", "B.png"))
    assert len(matcher.templates(prints[1])) == 1
    # A matcher that states no least quality enrols all.
    assert Matcher.load(fake_head_run(tmp_path / "all")).templates(prints).enrolled.all()
