"""Pores and scars."""

import numpy as np

from ridgecode.prints.synthetic.marks import add_pores, add_scars


def test_pores_and_scars_only_take_skin_away() -> None:
    crest = np.ones((120, 120), np.float32)
    add_pores(crest, 6.0, np.random.default_rng(0))
    assert crest.max() <= 1 and 50 < (crest < 0.7).sum() < 0.4 * crest.size
    valley = np.full((60, 60), -1, np.float32)
    add_pores(valley, 6.0, np.random.default_rng(0))
    assert np.all(valley == -1)
    cut = 0
    for seed in range(60):
        skin = np.ones((180, 180), np.float32)
        add_scars(skin, 1.5, np.random.default_rng(seed))
        assert skin.max() <= 1
        cut += bool((skin < 0.2).any())
    assert 8 < cut < 40
