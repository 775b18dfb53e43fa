"""The lines that a terminal shows after an evaluation: no rate without the number of its comparisons."""

from typing import Any

import pytest

from ridgecode.evaluation.headlines import codec_headline, evaluation_headline, minutiae_headline

ROW = {"system": "pixels", "protocol": "fvc", "level": "all", "alteration": "all", "n_sets": 1}
ROW |= {"eer": 0.25, "eer_low": 0.1, "eer_high": 0.4, "n_mated": 280, "n_non_mated": 45, "n_subjects": 10}
NO_ERROR = {"eer": 0.0, "eer_low": 0.0, "eer_high": 0.30850}


def lines(*rows: dict[str, Any], **more: Any) -> list[str]:
    return list(evaluation_headline({"matching": list(rows), **more}))


def test_an_eer_stands_beside_its_comparisons() -> None:
    assert lines(ROW) == ["fvc, pixels: EER 25.000 % [10.000, 40.000 %], 280 mated, 45 non-mated, 10 subjects"]
    assert lines({**ROW, **NO_ERROR}) == [
        "fvc, pixels: EER 0 of 45 [0.000, 30.850 %], 280 mated, 45 non-mated, 10 subjects"
    ]
    assert lines({**ROW, "eer": 0.000001, "eer_low": 0.0})[0].startswith("fvc, pixels: EER 0.0001 % [0.000, 40.000 %]")


def test_sets_follow_the_joint_figure() -> None:
    per_set = {"A": ROW, "B": {**ROW, **NO_ERROR}}
    joint, a, b = lines({**ROW, "n_sets": 2, "per_set": per_set})
    assert joint.endswith("10 subjects, 2 data sets together")
    assert (a, b) == (lines(ROW)[0].replace("pixels:", "pixels, A:"), "fvc, pixels, B: " + b.split(": ", 1)[1])
    assert "EER 0 of 45" in b


def test_a_figure_without_interval() -> None:
    found = {"split": "val", "n_prints": 8, "mse": 0.02, "psnr_db": 17.0, "ssim": 0.5, "pca": {"mse": None}}
    for ends, text in (((None, None), "mse 0.02000, psnr"), ((0.01, 0.03), "mse 0.02000 [0.01000, 0.03000], psnr")):
        (line,) = lines(**found, mse_low=ends[0], mse_high=ends[1])
        assert text in line
    point = {"quality": 1, "bytes": 9.0, "bytes_without_header": 4.0, "mse": 0.02, "psnr_db": 17.0, "ssim": 0.5}
    content = {"split": "val", "n_prints": 8, "codec": "jpeg", "points": [{**point, "mse_low": None, "mse_high": None}]}
    assert "mse 0.02000, psnr" in codec_headline(content)[0]


@pytest.mark.parametrize(
    ("tars", "text"),
    [
        ((None, None), "TAR not shown by so few non-mated comparisons at FMR 1 %"),
        ((1.0, None), "TAR 280 of 280 at FMR 1 %, not shown by so few non-mated comparisons at FMR 0.1 %; 39 of"),
        ((0.9, 0.8), "TAR 90.00 % at FMR 1 %, 80.00 % at FMR 0.1 %; 39 of 40 prints match"),
    ],
)
def test_minutiae(tars: tuple[float | None, float | None], text: str) -> None:
    row = {**ROW, "tar_at_fmr_1": tars[0], "tar_at_fmr_0_1": tars[1]}
    content = {"protocol": "fvc", "matcher": "orb", "matching": [row], "agreement": None}
    line = minutiae_headline({**content, "self": {"n": 40, "accepted": 0.975}})
    assert text in line and "280 mated, 45 non-mated" in line
