"""The training of the network `ridge`: it learns on a few prints, and what it validates on."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ridgecode.matching.comparisons import comparison_list
from ridgecode.matching.error_rates import equal_error_rate, error_rates
from ridgecode.matching.scored_lists import ScoredList
from ridgecode.matching.siamese.ridge import RidgeNetwork
from ridgecode.matching.siamese.scoring import embed_images
from ridgecode.matching.siamese.systems import SiameseSpec
from ridgecode.matching.templates.format import TemplateFormat
from ridgecode.prints.store import PrintStore
from ridgecode.training.muon import matcher_optimiser
from ridgecode.training.ridge_siamese import RidgeTraining
from ridgecode.training.schedule import Budget, Stopwatch
from ridgecode.training.views.finger_views import finger_sets
from ridgecode.training.views.ridge_views import frames, ridge_batch

SPEC = SiameseSpec("ridge", "ours", 160, 160, 1, 1, 128)


def _module(store: PrintStore, format: TemplateFormat | None) -> RidgeTraining:
    torch.manual_seed(0)
    of = ScoredList.of(store, comparison_list(store, "val", "aligned"))
    lists = {"aligned": of._replace(probes=SPEC.fit(of.probes), references=SPEC.fit(of.references))}
    module = RidgeTraining(RidgeNetwork(), SPEC, format, lists, Budget(1, 0, Stopwatch()), 2e-3, bf16=False)
    module.log = lambda *_, **__: None  # type: ignore[method-assign]
    module._trainer = type("Alone", (), {"world_size": 1})()  # type: ignore[assignment]
    return module


def test_a_few_steps_lower_the_loss(matching_store: Path) -> None:
    store = PrintStore.open(matching_store)
    module, (of,) = _module(store, None), finger_sets(store, "train", frames)
    optimiser, losses = torch.optim.AdamW(module.net.parameters(), lr=2e-3), []
    for step in range(12):
        loss = module.training_step(ridge_batch(of, 32, np.random.default_rng(step)), step)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[-3:]) < np.mean(losses[:3]) - 0.2


def test_batch_norms_take_running_statistics_in_the_second_half(
    matching_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the first half a batch is normalised by its own statistics, and moves the running ones by a hundredth."""
    store = PrintStore.open(matching_store)
    module, (of,) = _module(store, None), finger_sets(store, "train", frames)
    module.budget.total_steps = 10
    module._trainer.optimizers = [matcher_optimiser(module.net, 1e-3, 0.0)]  # type: ignore[union-attr]
    module.net.train()
    batch = ridge_batch(of, 16, np.random.default_rng(0))
    first = next(one for one in module.net.branch.modules() if isinstance(one, torch.nn.BatchNorm2d))
    seen: list[torch.Tensor] = []
    first.register_forward_hook(lambda _, given, out: seen.extend((given[0].detach(), out.detach())))
    for step, fixed in ((4, False), (5, True), (9, True)):
        monkeypatch.setattr(RidgeTraining, "global_step", step)
        before = first.running_mean.clone()
        seen.clear()
        module.on_train_batch_start(batch, 0)
        module.training_step(batch, 0)
        mean = seen[0].mean((0, 2, 3))
        if fixed:
            expected = (seen[0] - before[:, None, None]) / (first.running_var[:, None, None] + first.eps).sqrt()
            np.testing.assert_array_equal(first.running_mean, before)
        else:
            expected = (seen[0] - mean[:, None, None]) / (
                seen[0].var((0, 2, 3), False)[:, None, None] + first.eps
            ).sqrt()
            np.testing.assert_allclose(first.running_mean, 0.99 * before + 0.01 * mean, atol=1e-6)
        np.testing.assert_allclose(seen[1], expected, atol=2e-3)


@pytest.mark.parametrize("format", [None, TemplateFormat(64, 4)])
def test_validation_reports_the_error_rate_of_stored_templates(
    matching_store: Path, format: TemplateFormat | None
) -> None:
    module = _module(PrintStore.open(matching_store), format)
    module.net.eval()
    module.validation_step(torch.zeros(1), 0)
    of = module.lists["aligned"]
    e1, e2 = (embed_images(module.net, SPEC, prints).numpy() for prints in (of.probes, of.references))
    if format is not None:
        e1, e2 = (format.quantise(e).astype(np.float64) for e in (e1, e2))
    rows = zip(of.comparisons.probe_rows, of.comparisons.reference_rows, strict=True)
    scores = np.array([float(e1[p] @ e2[r]) for p, r in rows])
    mated = of.comparisons.mated
    expected = equal_error_rate(error_rates(scores[mated], scores[~mated]))
    assert module.validated["val_eer_aligned"] == pytest.approx(expected, abs=1e-3)
    assert module.validated["val_eer"] == module.validated["val_eer_aligned"]
