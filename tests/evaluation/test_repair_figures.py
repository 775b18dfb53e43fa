"""Figures of a repair against plain loops over pixels."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.pca import PCA
from ridgecode.autoencoders.saved import AutoencoderSpec, SavedAutoencoder
from ridgecode.evaluation.repair_figures import PLACES, VARIANTS, Repairs, measure_repairs, pixel_rows
from ridgecode.matching.bootstrap import bootstrap_mean
from ridgecode.prints.altered_pairs import altered_region
from ridgecode.prints.views import VIEWS

REAL_OF = np.array([1, 0, 1, 2, 0, 2])


def prints_of(height: int = 97, width: int = 90) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """6 altered prints of 3 Real ones: squares of other pixels, the first in a corner; the last print is intact."""
    random = np.random.default_rng(0)
    real = random.integers(0, 256, (3, height, width), np.uint8)
    altered = real[REAL_OF].copy()
    for i, (top, left) in enumerate([(0, 0), (40, 35), (30, 50), (50, 20), (20, 30)]):
        altered[i, top : top + 20, left : left + 20] = random.integers(0, 256, (20, 20), np.uint8)
    return altered, real


def saved_pca(view: str) -> SavedAutoencoder:
    side = VIEWS[view].height
    net = PCA.fit(torch.rand(12, 1, side, side, generator=torch.Generator().manual_seed(0)), 6)
    spec = AutoencoderSpec("pca", view, 6, "mse", "repair")  # type: ignore[arg-type]
    return SavedAutoencoder(net, spec, torch.zeros(6), torch.ones(6), "")


def decoded(saved: SavedAutoencoder, image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """One print through the network, on the pixels that its view keeps; of a whole print the second row stands in for
    the first."""
    if saved.spec.view == "crop32":
        window = image[32:64, 29:61]
    else:
        window = np.full((96, 96), 255, np.uint8)
        window[:, 3:93] = image[1:]
    x = torch.from_numpy(window)[None, None].float() / 255
    out = np.asarray(saved.net.decode(saved.net.encode(x))[0, 0].numpy(), np.float64)
    return out if saved.spec.view == "crop32" else np.concatenate([out[:1, 3:93], out[:, 3:93]])


@pytest.mark.parametrize("view", ["crop32", "whole"])
def test_errors_pixel_by_pixel(view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ridgecode.evaluation.repair_figures.CHUNK", 4)
    saved, (altered, real) = saved_pca(view), prints_of()
    found = measure_repairs(Autoencoder(saved), altered, real, REAL_OF)
    for i, which in enumerate(REAL_OF):
        if view == "whole" and i not in (1, 5):
            continue  # loops over pixels are slow
        x, truth = altered[i], real[which]
        repaired, coded = decoded(saved, x), decoded(saved, truth)
        if view == "crop32":
            x, truth = x[32:64, 29:61], truth[32:64, 29:61]
        region = altered_region(x[None], truth[None])[0]
        np.testing.assert_array_equal(found.region[i], region)
        np.testing.assert_array_equal(found.altered[i], x)
        np.testing.assert_array_equal(found.real[i], truth)
        assert np.abs(found.repaired[i] - 255 * repaired).max() < 0.51
        sums: dict[tuple[str, str], list[float]] = {(v, p): [] for v in VARIANTS for p in PLACES}
        grey = np.mean([truth[y, c] / 255 for y, c in zip(*np.nonzero(region), strict=True)] or [0])
        for y in range(x.shape[0]):
            for c in range(x.shape[1]):
                inside = bool(region[y, c])
                made = {
                    "nothing done": x[y, c] / 255,
                    "repaired": repaired[y, c],
                    "composed": repaired[y, c] if inside else x[y, c] / 255,
                    "grey": grey if inside else x[y, c] / 255,
                    "coded": coded[y, c],
                }
                for variant, value in made.items():
                    for place in ("inside" if inside else "outside", "all"):
                        sums[variant, place].append((value - truth[y, c] / 255) ** 2)
                assert found.composed[i, y, c] == (found.repaired if inside else found.altered)[i, y, c]
        for key, squares in sums.items():
            if squares:
                assert found.mse[key][i] == pytest.approx(np.mean(squares), rel=1e-4, abs=1e-9), key
            else:
                assert math.isnan(found.mse[key][i]), key
    # The last print is intact, and of the first the middle is: nothing lies inside their region.
    assert np.isnan(found.mse["repaired", "inside"]).tolist() == [view == "crop32", *[False] * 4, True]


def test_rows_are_means_over_the_prints_of_a_group() -> None:
    random = np.random.default_rng(1)
    n = 40
    levels, alterations = random.choice(["Easy", "Hard"], n), random.choice(["CR", "Zcut"], n)
    subjects = random.choice(["401", "402", "403"], n)
    region = random.random((n, 6, 5)) < 0.3
    region[levels == "Easy"] = False
    mse = {(v, p): random.random(n) for v in VARIANTS for p in PLACES}
    for variant in VARIANTS:
        mse[variant, "inside"][levels == "Easy"] = math.nan
    empty = np.zeros((n, 6, 5), np.uint8)
    rows = pixel_rows(Repairs(empty, empty, empty, region, mse), levels, alterations, subjects)
    groups = {(row["level"], row["alteration"]) for row in rows}
    assert groups == {(level, kind) for level in ("all", "Easy", "Hard") for kind in ("all", "CR", "Zcut")}
    assert len(rows) == len(groups) * len(VARIANTS)
    for row in rows:
        chosen = [
            i for i in range(n) if row["level"] in ("all", levels[i]) and row["alteration"] in ("all", alterations[i])
        ]
        assert row["n_prints"] == len(chosen)
        assert row["n_subjects"] == len({subjects[i] for i in chosen})
        assert row["altered_share"] == pytest.approx(np.mean([region[i].mean() for i in chosen]))
        for place, name in (("inside", "mse_inside"), ("outside", "mse_outside"), ("all", "mse")):
            known = [i for i in chosen if not math.isnan(mse[row["variant"], place][i])]
            if not known:
                assert row["level"] == "Easy" and row[name] is row[f"{name}_low"] is row[f"{name}_high"] is None
                continue
            values = mse[row["variant"], place][known]
            assert row[name] == pytest.approx(values.mean())
            assert (row[f"{name}_low"], row[f"{name}_high"]) == bootstrap_mean(values, subjects[known])
        assert row["n_inside"] == sum(region[i].any() for i in chosen)


def test_put_is_kept_the_other_way_round() -> None:
    random = np.random.default_rng(2)
    for view in VIEWS.values():
        for height, width in ((97, 90), (120, 130), (90, 97)):
            prints, other = random.integers(0, 256, (2, 3, height, width), np.uint8)
            done = view.put(prints, view.target(other))
            shown = view.target(np.full((3, height, width), 0, np.uint8)) == 0  # not the white around a small print
            np.testing.assert_array_equal(view.target(done)[shown], view.target(other)[shown])
            np.testing.assert_array_equal(view.put(prints, view.target(prints)), prints)
            changed = (done != prints).sum()
            assert changed <= shown.sum()
