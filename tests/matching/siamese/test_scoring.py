"""An image Siamese network as a matching system: its templates as floats and as bits."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from ridgecode.matching.siamese.saved import load_siamese
from ridgecode.matching.siamese.scoring import siamese_system
from ridgecode.matching.templates.format import TemplateFormat
from support.fake_matchers import fake_siamese_run
from support.random_prints import some_prints

ROWS = np.array([0, 1, 2]), np.array([3, 0, 2])


def test_templates_of_bits(tmp_path: Path) -> None:
    saved = load_siamese(fake_siamese_run(tmp_path / "run") / "model.safetensors")
    format, prints = TemplateFormat(64, 1), some_prints(4, 97, 90)
    floats = siamese_system(saved)
    stating = replace(saved, facts=replace(saved.facts, template=format, least_quality=5.0))
    system = siamese_system(stating)
    assert (system.name, system.bytes, system.format) == (floats.name, 64, format)
    assert floats.enrolment is None and system.enrolment is not None and system.enrolment.least_quality == 5.0
    with torch.no_grad():
        e = saved.net.embed(saved.spec.tensor(saved.spec.fit(prints))).numpy()
    np.testing.assert_allclose(floats.vectors(prints), e, atol=1e-5)
    assert floats.bytes == 4 * e.shape[1]
    vectors = system.vectors(prints)
    assert (vectors != format.quantise(e)).mean() < 0.01  # where a number is 0 up to rounding
    differ = (vectors[ROWS[0]] != vectors[ROWS[1]]).sum(1)
    np.testing.assert_allclose(system.scores(vectors, vectors, *ROWS), 1 - 2 * differ / 512, atol=1e-6)
