"""The hardware that a verb computes on: device, processes, precision."""

from dataclasses import dataclass
from typing import Literal

import torch

from ridgecode.errors import BadInput


@dataclass(frozen=True)
class Hardware:
    """Where a training runs. device: auto, cpu or cuda; devices: processes or GPUs on each of `num_nodes` machines;
    strategy: Lightning's name; precision: auto, 32 or bf16."""

    device: str = "auto"
    devices: int = 1
    strategy: str = "auto"
    num_nodes: int = 1
    precision: str = "auto"

    @property
    def gpu(self) -> bool:
        return self.device == "cuda" or (self.device == "auto" and torch.cuda.is_available())

    @property
    def torch_device(self) -> str:
        """The device of a verb that runs in one process: cuda or cpu."""
        return "cuda" if self.gpu else "cpu"

    @property
    def lightning_precision(self) -> Literal["bf16-mixed", "32-true"]:
        """bf16 where it is asked for, or where `auto` is and the processor multiplies bf16 matrices in tiles."""
        if self.precision == "auto":
            # AVX-512's bf16 instructions alone make a training slower than float32 (benchmarks/autoencoders.py).
            fast = torch.cuda.is_bf16_supported(including_emulation=False) if self.gpu else _has_matrix_tiles()
            return "bf16-mixed" if fast else "32-true"
        return "bf16-mixed" if self.precision == "bf16" else "32-true"

    def check(self) -> None:
        """Raises BadInput for devices that are not there."""
        for name in ("devices", "num_nodes"):
            if getattr(self, name) < 1:
                raise BadInput(f"--{name} is {getattr(self, name)}; give 1 or more")
        if self.device == "cuda" and not torch.cuda.is_available():
            raise BadInput("--device cuda: torch finds no GPU here; give --device cpu or auto")


def use_threads(threads: int) -> None:
    """Has torch compute in so many processor threads; 0 leaves torch its own number. Raises BadInput below 0."""
    if threads < 0:
        raise BadInput(f"--threads is {threads}; give 1 or more, or 0 for all")
    if threads:
        torch.set_num_threads(threads)


def _has_matrix_tiles() -> bool:
    """Whether the processor has AMX, and a torch that uses it."""
    asked = getattr(torch.cpu, "_is_amx_tile_supported", None)  # torch has no public name for it
    return bool(asked and asked()) and torch.backends.mkldnn.is_available()
