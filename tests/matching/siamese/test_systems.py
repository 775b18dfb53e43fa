"""The image Siamese systems: a training step of each, and the loss of a whole batch against a slow loop."""

import math
import subprocess
import sys

import pytest
import torch

from ridgecode.matching.siamese.networks import SubtractNetwork
from ridgecode.matching.siamese.systems import PAIR_SYSTEMS, batch_loss, build_siamese, pair_loss, siamese_spec

STEP = """
import resource, torch
from ridgecode.matching.siamese.systems import build_siamese, pair_loss, siamese_spec
torch.set_num_threads(1)
net = build_siamese(siamese_spec("l1", "published", (97, 90)))
optimiser = torch.optim.Adam(net.parameters())
e1, e2 = net.embed(torch.rand(32, 3, 100, 100)).chunk(2)
pair_loss(net, net.score(e1, e2), torch.arange(16) % 2 == 0).total.backward()
optimiser.step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.parametrize("system", PAIR_SYSTEMS)
@pytest.mark.parametrize("recipe", ["published", "ours"])
def test_every_system_takes_a_step_downhill(system: str, recipe: str) -> None:
    torch.manual_seed(0)
    spec = siamese_spec(system, recipe, (64, 60), 60 if system != "contrastive" else 0, 58 if system == "l1" else 0)
    net = build_siamese(spec)
    x, mated = torch.rand(8, spec.channels, spec.height, spec.width), torch.tensor([True, False, True, False])
    optimiser = torch.optim.SGD(net.parameters(), lr=1e-4)
    losses = []
    for _ in range(2):
        torch.manual_seed(1)  # the same dropout masks
        e1, e2 = net.embed(x).chunk(2)
        found = pair_loss(net, net.score(e1, e2), mated)
        assert sum(found.terms.values()).item() == pytest.approx(found.total.item())
        optimiser.zero_grad()
        found.total.backward()
        optimiser.step()
        losses.append(found.total.item())
    assert losses[1] < losses[0]


@pytest.mark.skipif(sys.platform == "darwin", reason="ru_maxrss is in bytes there")
def test_a_full_size_l1_step_fits_in_8_gib() -> None:
    out = subprocess.run([sys.executable, "-c", STEP], capture_output=True, text=True, check=True).stdout
    assert int(out) * 1024 < 8 * 2**30


def test_a_whole_batch_is_compared_by_a_slow_loop() -> None:
    torch.manual_seed(0)
    net = SubtractNetwork(12, 12)
    e1, e2 = torch.randn(2, 5, 128)
    fingers = torch.tensor([3, 1, 4, 1, 5])
    kinds: dict[bool, list[float]] = {True: [], False: []}
    scores = [[float(net.score(e1[i], e2[j]).detach()) for j in range(5)] for i in range(5)]
    for i in range(5):
        for j in range(5):
            sign = 1 if fingers[i] == fingers[j] else -1
            kinds[sign == 1].append(math.log1p(math.exp(-sign * scores[i][j])))
    picked = 0.0
    for i in range(5):
        # The other print of the same finger is no wrong answer.
        row = [scores[i][j] for j in range(5) if j == i or fingers[j] != fingers[i]]
        column = [scores[j][i] for j in range(5) if j == i or fingers[j] != fingers[i]]
        for others in (row, column):
            picked += (math.log(sum(map(math.exp, others))) - scores[i][i]) / 10
    found = batch_loss(net, e1, e2, fingers)
    wanted = sum(kinds[True]) / len(kinds[True]) / 2 + sum(kinds[False]) / len(kinds[False]) / 2 + picked
    assert float(found.total.detach()) == pytest.approx(wanted, rel=1e-5)
    assert found.terms.keys() == {"bce_mated", "bce_non_mated", "infonce_probe", "infonce_reference"}
