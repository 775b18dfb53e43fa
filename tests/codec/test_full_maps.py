"""Images to latent maps tile by tile, and maps to payloads."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from ridgecode.codec import full_maps
from ridgecode.codec.context_codec import context_tensors
from ridgecode.codec.full_maps import FullMapCodec, FullMaps, map_shape
from support.full_models import full_context, full_network

NET = full_network()
CODEC = FullMapCodec(context_tensors(full_context(NET, torch.rand(8, 1, 64, 64)), NET.encode(torch.rand(8, 1, 64, 64))))


@settings(max_examples=10)
@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_tiles_give_the_map_and_the_image_of_the_whole(height: int, width: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    x = torch.from_numpy(image).float()[None, None] / 255
    padded = F.pad(x, (0, -width % 16, 0, -height % 16), mode="replicate")
    whole = NET.encode(padded)[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(full_maps, "TILE", 6)
        maps = FullMaps(NET)
        z = maps.encode(image)
        assert z.shape[1:] == map_shape(height, width)
        assert torch.allclose(z, whole, atol=1e-4)
        drawn = maps.decode(whole, height, width)
    expected = (NET.decode(whole[None])[0, 0, :height, :width] * 255).round().numpy()
    assert drawn.shape == (height, width) and drawn.dtype == np.uint8
    assert np.abs(drawn - expected).max() <= 1  # of a value between two greys


@settings(max_examples=10)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_a_payload_gives_the_rounded_map(rows: int, columns: int, seed: int) -> None:
    z = torch.randn(6, rows, columns, generator=torch.Generator().manual_seed(seed))
    payload = CODEC.encode(z)
    back = CODEC.decode(payload, rows, columns)
    assert (back - z).abs().max() <= 0.51 * CODEC.step.max()
    assert torch.equal(CODEC.decode(CODEC.encode(back), rows, columns), back)
    # Numbers of next to no probability are a little cheaper than their tables say.
    assert CODEC.bits(z) / 8 == pytest.approx(len(payload), rel=0.06, abs=2)


def test_numbers_of_maps_of_several_sizes_do_not_mix() -> None:
    maps = [torch.randn(6, rows, columns) for rows, columns in ((3, 5), (5, 3), (4, 4), (3, 5))]
    payloads = [CODEC.encode(z) for z in maps]
    alone = [
        FullMapCodec(CODEC.tensors).decode(payload, *z.shape[1:]) for z, payload in zip(maps, payloads, strict=True)
    ]
    together = [CODEC.decode(payload, *z.shape[1:]) for z, payload in zip(maps, payloads, strict=True)]
    assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))
