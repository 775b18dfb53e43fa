"""The judgement of codecs at 500 ppi: figures of images, and the verdict of a matcher."""

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from ridgecode.evaluation.full.judged import (
    ByteCodec,
    Scores,
    all_pairs,
    coded_figures,
    minutiae_f1,
    pooled,
    qualities,
    verdict,
)
from ridgecode.matching.minutiae.template import Minutiae


def _minutiae(*places: tuple[float, float]) -> Minutiae:
    x, y = np.array(places, np.float32).reshape(-1, 2).T
    n = len(x)
    return Minutiae(
        x, y, np.zeros(n, np.float32), np.zeros(n, np.uint8), np.ones(n, np.float32), np.array([300, 300]),
        np.zeros((n, 0), bool),
    )  # fmt: skip


class _Nearness:
    """A matcher of templates of one minutia: the nearer, the higher the score."""

    name = version = "nearness"

    def extract(self, print: np.ndarray, ppi: float = 500.0) -> Minutiae:
        return _minutiae((float(print[0, 0]), 0.0))

    def compare(self, probe: Minutiae, reference: Minutiae) -> float:
        return -abs(float(probe.x[0] - reference.x[0]))


def test_figures_of_a_codec_that_loses_the_low_bits() -> None:
    images = [np.random.default_rng(k).integers(0, 255, (40 + k, 50), np.uint8) for k in range(3)]
    shapes = iter([images[0].shape, *(one.shape for one in images)])
    codec = ByteCodec(
        "coarse",
        4.0,
        lambda image: (image >> 4).tobytes(),
        lambda data: (np.frombuffer(data, np.uint8) << 4).reshape(next(shapes)),
    )
    figures, decoded = coded_figures(codec, images)
    assert all(np.array_equal(back, image & 0xF0) for back, image in zip(decoded, images, strict=True))
    for one, image, back in zip(figures, images, decoded, strict=True):
        assert one["bytes"] == image.size and one["bpp"] == 8
        assert one["psnr_db"] == pytest.approx(peak_signal_noise_ratio(image, back, data_range=255))
        assert 0 < one["ssim"] < 1


def test_all_pairs_are_compared_once_and_the_verdict_is_counted() -> None:
    fingers = np.repeat(["a", "b", "c"], 3)
    prints = [_minutiae((value, 0.0)) for value in (0, 1, 2, 10, 11, 12, 13, 21, 22)]
    scores = all_pairs(_Nearness(), prints, fingers)
    assert len(scores.mated) == 9 and len(scores.non_mated) == 27
    assert set(scores.mated_subjects.tolist()) == {0, 1, 2}
    found = verdict(scores)
    # Mated distances are 1, 1, 2 thrice, but 8, 9 and 1 for c; of the non-mated ones 1, 2 and 3 lie below 8.
    distances = -scores.mated, -scores.non_mated
    best = min(
        (abs((distances[0] > t).mean() - (distances[1] <= t).mean()), t) for t in np.unique(np.concatenate(distances))
    )[1]
    near = sorted([(distances[0] > best).mean(), (distances[1] <= best).mean()])
    assert near[0] - 0.02 <= float(found["eer"] or 0) <= near[1] + 0.02
    assert found["tar_1"] is None  # 27 comparisons show no FMR of 1 %


def test_the_true_accept_rate_is_that_above_the_threshold() -> None:
    random = np.random.default_rng(0)
    mated, non_mated = random.normal(3, 1, 500).astype(np.float32), random.normal(0, 1, 5000).astype(np.float32)
    subjects = np.arange(500) % 20, np.arange(5000) % 20
    found = verdict(Scores(mated, non_mated, *subjects))
    # 50 of 5,000 may lie at or above the threshold.
    threshold = np.sort(non_mated)[::-1][50]
    assert found["tar_1"] == pytest.approx((mated > threshold).mean(), abs=0.005)
    assert float(found["tar_1_low"] or 0) < float(found["tar_1"] or 0) < float(found["tar_1_high"] or 0)


def test_pooled_sets_keep_their_subjects_apart() -> None:
    one = Scores(np.zeros(2, np.float32), np.zeros(3, np.float32), np.array([0, 1]), np.array([0, 1, 2]))
    both = pooled([one, one])
    assert both.mated_subjects.tolist() == [0, 1, 3, 4] and both.non_mated_subjects.tolist() == [0, 1, 2, 3, 4, 5]


def test_f1_of_minutiae() -> None:
    true = [_minutiae((10, 10), (50, 50))]
    assert minutiae_f1([_minutiae((11, 10), (200, 200))], true).tolist() == [0.5]
    assert minutiae_f1(true, true).tolist() == [1.0]


def test_quality_is_measured_at_the_resolution_it_is_defined_for() -> None:
    rows = np.arange(300)[:, None] + 0.3 * np.arange(300)
    waves = 127.5 + 100 * np.sin(2 * np.pi * (rows + 20 * np.sin(np.arange(300) / 40)) / 9)
    assert qualities([waves.astype(np.uint8), np.full((300, 300), 255, np.uint8)]).tolist() == [
        pytest.approx(70, abs=30),
        0.0,
    ]
