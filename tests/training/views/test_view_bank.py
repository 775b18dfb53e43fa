"""The bank of encoded views: its content depends on the step alone, and it is renewed as it says."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.codec.codec import Codec
from ridgecode.errors import BadInput
from ridgecode.prints.store import PrintStore
from ridgecode.runs.memory import FreeMemory
from ridgecode.training.views import view_bank
from ridgecode.training.views.finger_views import FingerSet, finger_sets
from ridgecode.training.views.shared_batches import StoreShares
from ridgecode.training.views.view_bank import ViewBank, ViewEncoder

SLOTS, RENEWALS = 4, 6


@pytest.fixture(scope="module")
def sets(matching_store: Path) -> list[FingerSet]:
    """The 20 training fingers as two data sets of 13 and 7, the second with two impressions of each finger."""
    (whole,) = finger_sets(PrintStore.open(matching_store), "train")
    first = FingerSet("a", whole.prints, whole.impressions[:13])
    halves = [[rows[:5], rows[5:]] for (rows,) in whole.impressions[13:]]
    return [first, FingerSet("b", whole.prints, halves)]


@pytest.fixture(scope="module")
def encoder(autoencoder_run: Path) -> ViewEncoder:
    return ViewEncoder(Autoencoder.load(autoencoder_run), half=False)


def bank_of(sets: list[FingerSet], encoder: ViewEncoder, key: str = "stores") -> ViewBank:
    return ViewBank(sets, StoreShares([0.7, 0.3]), encoder, SLOTS, RENEWALS, 5, key)


def content(bank: ViewBank) -> np.ndarray:
    return bank._z.copy()


@pytest.mark.parametrize("stops", [[40], [0, 1, 2, 3, 40], [39, 40], [7, 90, 40]])
def test_the_content_depends_on_the_step_alone(sets: list[FingerSet], encoder: ViewEncoder, stops: list[int]) -> None:
    one_by_one = bank_of(sets, encoder)
    for step in range(41):
        one_by_one.advance(step)
    jumping = bank_of(sets, encoder)
    for step in stops:
        jumping.advance(step)
    assert np.array_equal(content(jumping), content(one_by_one))
    for one, other in zip(one_by_one.pairs(40, 8, 0.1), jumping.pairs(40, 8, 0.1), strict=True):
        assert torch.equal(one, other)


def test_each_step_replaces_the_oldest_views_of_its_set(sets: list[FingerSet], encoder: ViewEncoder) -> None:
    """By a plain count of which view lies where: number k lies at slot (k // fingers) mod slots."""
    bank, shares = bank_of(sets, encoder), StoreShares([0.7, 0.3])
    bank.advance(0)
    n_before = [-(-2 * len(one) // RENEWALS) * RENEWALS for one in sets]
    n_before[shares.at(0)] += RENEWALS
    for step in range(1, 60):
        before = content(bank)
        bank.advance(step)
        changed = (content(bank) != before).any(2)
        own = shares.at(step)
        rows = slice(0, 13) if own == 0 else slice(13, 20)
        expected = np.zeros(SLOTS, int)
        for number in range(n_before[own], n_before[own] + RENEWALS):
            expected[number // len(sets[own]) % SLOTS] += 1
        assert np.array_equal(changed[rows].sum(0), expected)
        changed[rows] = False
        assert not changed.any()
        n_before[own] += RENEWALS


def test_a_batch_has_two_views_of_fingers_of_one_set(sets: list[FingerSet], encoder: ViewEncoder) -> None:
    bank, shares = bank_of(sets, encoder), StoreShares([0.7, 0.3])
    mean, std = encoder.autoencoder.latent_mean, encoder.autoencoder.latent_std
    for step in range(40):
        bank.advance(step)
        first, second, fingers, _ = bank.pairs(step, 8, 0.0)
        own = shares.at(step)
        assert len(set(fingers.tolist())) == len(fingers) == min(8, len(sets[own]))
        start = 0 if own == 0 else 13
        for one, other, finger in zip(first, second, fingers, strict=True):
            slots = torch.from_numpy(bank._z[start + int(finger)]).float() * std + mean
            a, b = (int((slots - z).abs().sum(1).argmin()) for z in (one, other))
            assert torch.equal(slots[a], one) and torch.equal(slots[b], other)
            assert a != b
            shown = bank._shown[start + int(finger)][[a, b]]
            filled = min(SLOTS, int(bank._made[own]) * RENEWALS // len(sets[own]))
            if len(set(bank._shown[start + int(finger), :filled])) == 2 and len(set(shown)) == 1:
                # Only where the first view's impression is in all other slots is the other one left to chance.
                pytest.fail("two views of one impression, though another impression was there")


def test_noise_is_a_share_of_the_spread(sets: list[FingerSet], encoder: ViewEncoder) -> None:
    bank = bank_of(sets, encoder)
    bank.advance(0)
    clean, noisy = (torch.cat(bank.pairs(0, 13, noise)[:2]) for noise in (0.0, 0.3))
    spread = ((noisy - clean) / encoder.autoencoder.latent_std).std()
    assert 0.2 < spread < 0.4


def test_the_file_spares_the_encoding(
    sets: list[FingerSet], encoder: ViewEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "views.safetensors"
    bank = bank_of(sets, encoder)
    bank.advance(20)
    bank.save_if_changed(file)
    first = file.read_bytes()
    bank.advance(21)
    bank.save_if_changed(file)
    assert file.read_bytes() == first  # too little is new
    bank.advance(30)
    resumed, made = bank_of(sets, encoder), []
    make = ViewBank._make
    monkeypatch.setattr(ViewBank, "_make", lambda self, *chunk: (made.append(chunk), make(self, *chunk)))
    resumed.load(file, 30)
    resumed.advance(30)
    assert len(made) == 10
    assert np.array_equal(content(resumed), content(bank))
    made.clear()
    for unfit, step in ((bank_of(sets, encoder, "others"), 30), (bank_of(sets, encoder), 3)):
        unfit.load(file, step)
        assert not unfit._made.any()
    file.write_bytes(first[: len(first) // 2])
    cut = bank_of(sets, encoder)
    cut.load(file, 30)
    cut.load(tmp_path / "missing.safetensors", 30)
    cut.advance(30)
    assert np.array_equal(content(cut), content(bank))


def test_views_of_a_coded_model_are_what_its_bytes_decode_to(coded_run: Path, synthetic_store: Path) -> None:
    autoencoder = Autoencoder.load(coded_run)
    (one,) = finger_sets(PrintStore.open(synthetic_store), "train")
    encoder = ViewEncoder(autoencoder, half=False)
    views, _ = one.views(np.arange(6), np.random.default_rng(0), encoder.side)
    codec = Codec(autoencoder)
    decoded = codec.latent_codec.decode(codec.payloads(views))
    assert torch.equal(encoder(views), decoded)


def test_bf16_changes_latent_vectors_little(coded_run: Path, synthetic_store: Path) -> None:
    autoencoder = Autoencoder.load("ridge-crop32-128")
    (one,) = finger_sets(PrintStore.open(synthetic_store), "train")
    full, half = (ViewEncoder(autoencoder, half=one) for one in (False, True))
    views, _ = one.views(np.arange(6), np.random.default_rng(0), full.side)
    error = (full(views) - half(views)) / autoencoder.latent_std
    assert 0 < error.square().mean().sqrt() < 0.05


def test_a_bank_that_memory_does_not_hold(
    sets: list[FingerSet], encoder: ViewEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_bank, "free_memory", lambda: FreeMemory(1900, "in this test"))
    with pytest.raises(BadInput, match="--bank_views"):  # 20 fingers x 4 views x 12 dims x 2 bytes are 1,920
        bank_of(sets, encoder)
