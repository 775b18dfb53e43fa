"""The systems that an evaluation compares, against their formulas."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.codec.codec import Codec
from ridgecode.errors import BadInput
from ridgecode.matching.heads import LatentHead
from ridgecode.matching.systems import Encoder, baselines, latent_cosine, latent_head, protocols_of
from ridgecode.matching.templates.format import TemplateFormat
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import VIEWS
from support.fake_matchers import DIMS, fake_autoencoder
from support.random_prints import some_prints

ROWS = np.array([0, 1, 2, 2]), np.array([3, 0, 2, 1])


@pytest.fixture(scope="module")
def autoencoder(tmp_path_factory: pytest.TempPathFactory) -> Autoencoder:
    return Autoencoder.load(fake_autoencoder(tmp_path_factory.mktemp("model")))


def cosines(vectors: np.ndarray) -> list[float]:
    """Of the pairs of ROWS."""
    pairs = [(vectors[i].astype(np.float64), vectors[j].astype(np.float64)) for i, j in zip(*ROWS, strict=True)]
    return [float(a @ b / np.sqrt((a @ a) * (b @ b))) for a, b in pairs]


def test_an_encoder_encodes_each_set_once(autoencoder: Autoencoder, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = Encoder(autoencoder)
    sets = [some_prints(2, 97, 90, seed) for seed in range(5)]
    expected = [autoencoder.encode(prints) for prints in sets]
    calls: list[int] = []
    original = encoder.autoencoder.encode
    monkeypatch.setattr(encoder.autoencoder, "encode", lambda *given: calls.append(1) or original(*given))
    for _ in range(2):
        for prints, z in zip(sets[:4], expected[:4], strict=True):
            np.testing.assert_array_equal(encoder(prints), z)
    assert len(calls) == 4
    # Equal pixels elsewhere are another set, and the oldest is forgotten.
    np.testing.assert_array_equal(encoder(sets[0].copy()), expected[0])
    np.testing.assert_array_equal(encoder(sets[4]), expected[4])
    np.testing.assert_array_equal(encoder(sets[0]), expected[0])
    assert len(calls) == 7


def test_vectors_of_a_model_with_a_rate_are_those_of_its_bytes(coded_run: Path, synthetic_store: Path) -> None:
    prints, codec = PrintStore.open(synthetic_store).prints("val")[:4], Codec.load(coded_run)
    decoded = codec.latent_codec.decode(codec.payloads(prints)).numpy()
    found = Encoder(Autoencoder.load(coded_run))(prints)
    np.testing.assert_array_equal(found, decoded)
    assert not np.array_equal(found, codec.autoencoder.encode(prints))


def test_cosine_of_standardised_latent_vectors(autoencoder: Autoencoder) -> None:
    prints, system = some_prints(4, 97, 90), latent_cosine(Encoder(autoencoder))
    z = (autoencoder.encode(prints) - np.linspace(-1, 1, DIMS)) / np.linspace(0.5, 2, DIMS)
    vectors = system.vectors(prints)
    np.testing.assert_allclose(system.scores(vectors, vectors, *ROWS), cosines(z), atol=1e-5)
    assert (system.name, system.bytes) == ("cosine on z", 4 * DIMS)


def test_a_head_scores_latent_vectors(autoencoder: Autoencoder) -> None:
    head = LatentHead(DIMS, 8, 4).eval()
    prints, system = some_prints(4, 97, 90), latent_head(Encoder(autoencoder), head)
    z = torch.from_numpy(autoencoder.encode(prints))
    vectors = system.vectors(prints)
    np.testing.assert_array_equal(vectors, z.numpy())
    with torch.no_grad():
        expected = [float(head(z[i : i + 1], z[j : j + 1])) for i, j in zip(*ROWS, strict=True)]
    np.testing.assert_allclose(system.scores(vectors, vectors, *ROWS), expected, atol=1e-5)
    assert (system.name, system.bytes) == ("head", 4 * DIMS)


def test_a_head_with_templates_of_integers(autoencoder: Autoencoder) -> None:
    head, format = LatentHead(DIMS, 8, 128).eval(), TemplateFormat(64, 4)
    prints, system = some_prints(4, 97, 90), latent_head(Encoder(autoencoder), head, format, 10.0)
    assert (system.name, system.bytes, system.format) == ("head", 64, format)
    assert system.enrolment is not None and system.enrolment.least_quality == 10.0
    vectors = system.vectors(prints)
    assert vectors.dtype == np.int8 and vectors.shape == (4, 128)
    with torch.no_grad():
        e = head.embed(torch.from_numpy(autoencoder.encode(prints))).numpy()
    np.testing.assert_array_equal(vectors, format.quantise(e))
    scores = system.scores(vectors, vectors, *ROWS)
    np.testing.assert_allclose(scores, cosines(e), atol=0.06)
    np.testing.assert_array_equal(system.all_scores(vectors, vectors)[ROWS], scores)
    with pytest.raises(BadInput, match="--comparator cosine, not euclidean"):
        latent_head(Encoder(autoencoder), LatentHead(DIMS, 8, 128, "euclidean"), format)


@pytest.mark.parametrize(
    ("view", "dims", "names"),
    [
        ("whole", 8, ["pixels", "pca16", "pca8"]),
        ("whole", 16, ["pixels", "pca16"]),
        ("crop32", 8, ["pixels", "pca16", "pixels crop32", "pca8 crop32"]),
        ("crop32", 500, ["pixels", "pca16", "pixels crop32"]),
    ],
)
def test_baselines_beside_a_model(view: str, dims: int, names: list[str]) -> None:
    """64 components, and 500, are more than 40 training prints give."""
    train, prints = some_prints(40, 97, 90, 1), some_prints(4, 97, 90, 2)
    systems = {one.name: one for one in baselines(VIEWS[view], dims, train)}
    assert list(systems) == names
    for name in names:
        window = (slice(None), slice(32, 64), slice(29, 61)) if "crop32" in name else ()
        x, mean = prints[window].reshape(4, -1) / 255, train[window].reshape(40, -1).mean(0) / 255
        if name.startswith("pca"):
            components = int(name.split()[0][3:])
            spread = train[window].reshape(40, -1) / 255 - mean
            _, values, basis = np.linalg.svd(spread, full_matrices=False)
            expected = cosines((x - mean) @ (basis[:components] / values[:components, None]).T)
            assert systems[name].bytes == 4 * components
        else:
            expected = cosines(x - mean)
            assert systems[name].bytes == x.shape[1]
        vectors = systems[name].vectors(prints)
        np.testing.assert_allclose(systems[name].scores(vectors, vectors, *ROWS), expected, atol=1e-3)


def test_protocols_that_a_store_allows(make_store, make_socofing_labels, make_fvc_labels) -> None:
    altered = make_socofing_labels([1, 2])
    assert protocols_of(make_store(altered)) == ["aligned", "moved"]
    assert protocols_of(make_store([one for one in altered if one.level == "Real"])) == []
    assert protocols_of(make_store(make_fvc_labels(2, 2), source="fvc")) == ["fvc"]
    assert protocols_of(make_store(make_fvc_labels(2, 2), source="impressions")) == ["impressions"]
    for source in ("fvc", "impressions"):
        assert protocols_of(make_store(make_fvc_labels(2, 1), source=source)) == []
