"""A run as a report sees it: its settings, figures, curves and reconstructions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ridgecode.report.numbers import finite
from ridgecode.report.published import PUBLISHED_BCE, PUBLISHED_MSE, comparable_with_published
from ridgecode.report.shown_rates import shown
from ridgecode.runs.run_folder import ADDED_LATER

AUTOENCODER = "autoencoder"
MATCHER = "matcher"
SIAMESE = "siamese"


class ValidationPrints(NamedTuple):
    """The first validation prints, uint8 (n, h, w), with their n names, and their reconstructions `x_hat` of the same
    shape. decoded: of a run with a codec, the reconstructions from coded bytes."""

    truth: np.ndarray
    x_hat: np.ndarray
    names: tuple[str, ...]
    decoded: np.ndarray | None = None


class Curve(NamedTuple):
    """FMR and FNMR, both (T,) fractions, over T ascending thresholds."""

    fmr: np.ndarray
    fnmr: np.ndarray


@dataclass(frozen=True)
class Run:
    """One run folder. `curves` has keys (system, protocol); `evaluation` is empty where the run was not evaluated."""

    folder: Path
    name: str
    kind: str
    config: Mapping[str, Any]
    environment: Mapping[str, Any] = field(default_factory=dict)
    metrics: tuple[Mapping[str, Any], ...] = ()
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[tuple[str, str], Curve] = field(default_factory=dict)
    prints: ValidationPrints | None = None
    source: str = ""

    def setting(self, key: str) -> str:
        """A setting as text, from evaluation.json or else from config.yaml; "" where neither has it."""
        value = self.evaluation.get(key, self.config.get(key, ADDED_LATER.get(key, "")))
        return "" if value is None else str(value)

    def figure(self, *keys: str) -> float | None:
        """The number of evaluation.json at this path of keys; None where it is missing or not finite."""
        value: Any = self.evaluation
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        return finite(value)

    def coded(self, key: str) -> float | None:
        """A figure of the run's codec; None where the run has no codec or the figure is missing."""
        return self.figure("coded", key)

    @property
    def bytes_on_disk(self) -> float | None:
        """Mean bytes of a coded print: its share of an archive, or its payload where that was not measured; None
        without a codec."""
        archive = self.coded("archive_bytes")
        return self.coded("payload_bytes") if archive is None else archive

    def mse_at(self, bits: int) -> float | None:
        """The MSE with each latent dim rounded to `bits` bits; None where it was not measured."""
        stated = self.figure("mse_at_bits", str(bits))
        return self.figure("mse_at_depth") if stated is None and self.figure("depth_bits") == bits else stated

    @property
    def depths(self) -> list[int]:
        """The numbers of bits a latent dim at which the MSE was measured, ascending."""
        found = self.evaluation.get("mse_at_bits")
        known = {int(bits) for bits in found if str(bits).isdigit()} if isinstance(found, Mapping) else set()
        own = self.figure("depth_bits")
        return sorted(known if own is None else known | {int(own)})

    @property
    def latent_dim(self) -> int:
        """The latent size in dims; 0 where it is unknown."""
        value = finite(self.evaluation.get("latent_dim", self.config.get("latent_dim")))
        return int(value) if value else 0

    @property
    def matching(self) -> list[Mapping[str, Any]]:
        """The rows of evaluation.json's matching table."""
        return [shown(row) for row in self.evaluation.get("matching") or [] if isinstance(row, Mapping)]

    @property
    def trained_on_bce(self) -> bool:
        """Whether the distortion that the run was trained on has a BCE term."""
        return "bce" in self.setting("distortion").split("+")

    @property
    def seconds(self) -> float | None:
        """Seconds of training; None where unknown."""
        stated = finite(self.environment.get("seconds"))
        if stated is None and self.metrics:
            stated = finite(self.metrics[-1].get("seconds"))
        return stated

    @property
    def epochs(self) -> int | None:
        """The number of epochs trained; None where unknown."""
        return len({entry.get("epoch") for entry in self.metrics}) or None


def published_mse(run: Run) -> float | None:
    """The published MSE at the run's latent size; None where the two can't be compared."""
    return PUBLISHED_MSE.get(run.latent_dim) if comparable_with_published(run.source, run.setting("view")) else None


def published_bce(run: Run) -> float | None:
    """The published BCE (entropy floor included) at the run's latent size; None where the two can't be compared."""
    return PUBLISHED_BCE.get(run.latent_dim) if comparable_with_published(run.source, run.setting("view")) else None
