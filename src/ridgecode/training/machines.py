"""How the processes of one training on several devices or machines find each other."""

import os
import signal
import socket
import sys
import threading
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.plugins.environments.lightning import find_free_network_port
from pytorch_lightning.plugins.environments import LightningEnvironment

from ridgecode.errors import BadInput
from ridgecode.runs.hardware import Hardware

MAX_PORT = 65535


class OneProcess(LightningEnvironment):
    """A training in one process, whatever started it: SLURM, mpirun, torchrun or LSF with several tasks would each make
    Lightning wait for processes that train on their own."""

    @property
    def creates_processes_externally(self) -> bool:
        return False

    @property
    def main_address(self) -> str:
        return "127.0.0.1"

    @property
    def main_port(self) -> int:
        if self._main_port == -1:
            self._main_port = find_free_network_port()
        return self._main_port

    def local_rank(self) -> int:
        return 0

    def node_rank(self) -> int:
        return 0


def cluster_plugins(hardware: Hardware) -> list[LightningEnvironment]:
    """What Lightning has to be told of the machines: nothing where several processes train together."""
    return [OneProcess()] if hardware.devices * hardware.num_nodes == 1 else []


def is_first_process(hardware: Hardware) -> bool:
    """Whether this process of several writes the run's folder, as torchrun (RANK), SLURM or Lightning's own launcher
    numbers them; for use before there is a trainer to ask. Raises BadInput as `check_addresses` does."""
    check_addresses(hardware)
    if hardware.devices * hardware.num_nodes == 1:
        return True
    names = ("RANK",) if "RANK" in os.environ else ("NODE_RANK", "LOCAL_RANK", "SLURM_PROCID")
    return all(_number(name) == 0 for name in names)


def check_addresses(hardware: Hardware) -> None:
    """Raises BadInput for variables of the environment by which several processes could not find each other."""
    if hardware.devices * hardware.num_nodes == 1:
        return
    for name in ("RANK", "LOCAL_RANK", "GROUP_RANK", "SLURM_PROCID"):
        _number(name)
    rank, port = _number("NODE_RANK") or _number("GROUP_RANK"), _number("MASTER_PORT")
    if port > MAX_PORT:
        raise BadInput(f"MASTER_PORT={port} is no port; set it to 1 to {MAX_PORT}, or unset it")
    if rank >= hardware.num_nodes:
        raise BadInput(
            f"NODE_RANK={rank} is too high for --num_nodes {hardware.num_nodes}; number the machines from 0 to "
            f"{hardware.num_nodes - 1}"
        )
    missing = [name for name in ("MASTER_ADDR", "MASTER_PORT") if not os.environ.get(name)]
    if rank and missing and "SLURM_NTASKS" not in os.environ:
        raise BadInput(
            f"NODE_RANK={rank} needs {' and '.join(missing)} too; set what the machine with NODE_RANK=0 names when it "
            "starts"
        )


def _number(name: str) -> int:
    """The number in a variable of the environment; 0 where it is not set."""
    text = os.environ.get(name) or "0"
    if not text.isdecimal():
        raise BadInput(f"{name}={text} is no number; set it to a whole number, or unset it")
    return int(text)


class WaitingForMachines(pl.Callback):
    """Between the announcement and the start of the training, which is as soon as all machines are there, signals end
    this process at once: the waiting is in C++, and Python would handle them when it is over. Nothing is lost yet."""

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}

    def announce(self, trainer: pl.Trainer, hardware: Hardware) -> None:
        """Prints on the first machine what the others have to be given."""
        if hardware.num_nodes == 1:
            return
        if trainer.is_global_zero:
            print(f"ridgecode: {_announcement(trainer, hardware.num_nodes - 1)}", file=sys.stderr, flush=True)
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGTERM)}

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}


def _announcement(trainer: pl.Trainer, others: int) -> str:
    waits = f"waits for {others} other machine{'s' * (others > 1)}"
    environment = getattr(trainer.strategy, "cluster_environment", None)
    if environment is None:
        return waits
    port = environment.main_port
    if environment.creates_processes_externally:
        # torchrun, SLURM and their like start the other machines' processes themselves.
        return f"{waits} at {environment.main_address}:{port}"
    address = os.environ.get("MASTER_ADDR") or socket.gethostname()
    ranks = "NODE_RANK=1" if others == 1 else f"NODE_RANK=1 to {others}"
    return (
        f"{waits}; give each the same command with MASTER_ADDR={address} MASTER_PORT={port} and {ranks} in its "
        "environment"
    )
