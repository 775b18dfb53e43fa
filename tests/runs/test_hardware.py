"""Where a work runs, on machines with and without a GPU."""

from collections.abc import Callable

import pytest
import torch

from ridgecode.errors import BadInput
from ridgecode.runs.hardware import Hardware

Machine = Callable[..., None]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Makes torch see a machine: whether it has a GPU, one that computes bf16, and a processor with AMX."""

    def machine(gpu: bool = False, gpu_bf16: bool = False, amx: bool = False) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: gpu_bf16)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx, raising=False)
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)

    return machine


@pytest.mark.parametrize(
    ("device", "gpu", "found"),
    [
        ("auto", False, "cpu"),
        ("auto", True, "cuda"),
        ("cpu", False, "cpu"),
        ("cpu", True, "cpu"),
        ("cuda", True, "cuda"),
    ],
)
def test_the_device(machine: Machine, device: str, gpu: bool, found: str) -> None:
    machine(gpu=gpu)
    hardware = Hardware(device)
    hardware.check()
    assert hardware.torch_device == found
    assert hardware.gpu is (found == "cuda")


@pytest.mark.parametrize(
    ("hardware", "seen", "precision"),
    [
        (Hardware(), {}, "32-true"),
        (Hardware(), {"amx": True}, "bf16-mixed"),
        (Hardware(), {"gpu": True, "amx": True}, "32-true"),  # the GPU's word counts, not the processor's
        (Hardware(), {"gpu": True, "gpu_bf16": True}, "bf16-mixed"),
        (Hardware("cpu"), {"gpu": True, "gpu_bf16": True}, "32-true"),
        (Hardware(precision="32"), {"amx": True}, "32-true"),
        (Hardware(precision="bf16"), {}, "bf16-mixed"),
    ],
)
def test_the_precision(machine: Machine, hardware: Hardware, seen: dict[str, bool], precision: str) -> None:
    machine(**seen)
    assert hardware.lightning_precision == precision


def test_an_older_torch_that_knows_nothing_of_amx(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(amx=True)
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported")
    assert Hardware().lightning_precision == "32-true"


def test_what_is_not_there_is_refused(machine: Machine) -> None:
    machine(gpu=False)
    Hardware().check()
    with pytest.raises(BadInput, match="--device cuda: torch finds no GPU"):
        Hardware("cuda").check()
    for name in ("devices", "num_nodes"):
        with pytest.raises(BadInput, match=f"--{name} is 0; give 1 or more"):
            Hardware(**{name: 0}).check()
