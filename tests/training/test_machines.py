"""How trainings in one or several processes begin under SLURM, mpirun and torchrun."""

from pathlib import Path

import pytest
import pytorch_lightning as pl

from ridgecode.commands.cli import main
from ridgecode.errors import BadInput
from ridgecode.runs.hardware import Hardware
from ridgecode.runs.run_folder import RunFolder
from ridgecode.training.machines import OneProcess, WaitingForMachines, check_addresses, is_first_process
from support.quick_trainings import training

SLURM = {
    **{"SLURM_JOB_ID": "77", "SLURM_JOB_NAME": "train", "SLURM_NTASKS": "4", "SLURM_LOCALID": "0"},
    **{"SLURM_NODEID": "0", "SLURM_PROCID": "0"},
}
TORCHRUN = {
    **{"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "GROUP_RANK": "0", "LOCAL_WORLD_SIZE": "2"},
    **{"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500", "TORCHELASTIC_RUN_ID": "none"},
}
MPI = {"OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "2", "PMI_SIZE": "4", "PMI_RANK": "2"}
LSF = {"LSB_JOBID": "7", "LSB_DJOB_RANKFILE": "none", "JSM_NAMESPACE_LOCAL_RANK": "1", "JSM_NAMESPACE_SIZE": "4"}
KUBEFLOW = {"KUBERNETES_PORT": "1", "MASTER_ADDR": "a", "MASTER_PORT": "1", "WORLD_SIZE": "2", "RANK": "1"}


def variables(patch: pytest.MonkeyPatch, given: dict[str, str]) -> None:
    for name, value in given.items():
        patch.setenv(name, value)


@pytest.mark.parametrize("given", [SLURM, TORCHRUN, MPI, LSF, KUBEFLOW])
def test_one_device_trains_on_its_own_whatever_started_it(
    given: dict[str, str], matching_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables(monkeypatch, given)
    assert is_first_process(Hardware())
    command = training(matching_store, tmp_path / "run", backbone="ridge", latent_dim=8, width=8, max_epochs=1)
    assert main(command) == 0
    assert RunFolder(tmp_path / "run").finished()


@pytest.mark.parametrize("given", [SLURM, SLURM | {"SLURM_NTASKS": "2", "SLURM_NTASKS_PER_NODE": "4"}])
def test_devices_that_do_not_fit_the_slurm_job(
    given: dict[str, str],
    matching_store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    variables(monkeypatch, given)
    assert main(training(matching_store, tmp_path / "run", latent_dim=8, width=8, devices=2)) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "--devices 2" in said and "srun --nodes=1 --ntasks-per-node=2" in said
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("strategy", ["nope", "ddp_spawn", "deepspeed", "fsdp", "xla", "model_parallel"])
def test_strategies_that_can_t_train_here(
    strategy: str, matching_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(training(matching_store, tmp_path / "run", latent_dim=8, width=8, strategy=strategy)) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if "ridgecode" in line]
    assert len(said) == 1 and f"--strategy {strategy}" in said[0] and said[0].endswith("; try auto or ddp")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"NODE_RANK": "1"}, "NODE_RANK=1 needs MASTER_ADDR and MASTER_PORT too"),
        ({"NODE_RANK": "1", "MASTER_ADDR": "a"}, "NODE_RANK=1 needs MASTER_PORT too"),
        ({"NODE_RANK": "2"}, "NODE_RANK=2 is too high for --num_nodes 2"),
        ({"NODE_RANK": "first"}, "NODE_RANK=first is no number"),
        ({"RANK": "x"}, "RANK=x is no number"),
        ({"MASTER_PORT": "99999"}, "MASTER_PORT=99999 is no port"),
    ],
)
def test_addresses_by_which_machines_do_not_find_each_other(
    given: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK", "GROUP_RANK", "RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)  # Lightning sets them for good
    variables(monkeypatch, given)
    with pytest.raises(BadInput, match=said):
        check_addresses(Hardware(num_nodes=2))
    check_addresses(Hardware())  # one process needs none of them


def test_the_first_machine_says_what_the_others_have_to_be_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MASTER_PORT", "12345")
    monkeypatch.setenv("MASTER_ADDR", "alpha")
    trainer = pl.Trainer(accelerator="cpu", devices=1, num_nodes=3, logger=False, enable_checkpointing=False)
    waiting = WaitingForMachines()
    waiting.announce(trainer, Hardware(num_nodes=3))
    waiting.setup(trainer, pl.LightningModule(), "fit")
    said = capsys.readouterr().err
    assert "waits for 2 other machines" in said
    assert "MASTER_ADDR=alpha MASTER_PORT=12345 and NODE_RANK=1 to 2" in said
    waiting.announce(trainer, Hardware())
    assert capsys.readouterr().err == ""


def test_one_process_looks_at_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    variables(monkeypatch, TORCHRUN)
    one = OneProcess()
    assert (one.local_rank(), one.node_rank(), one.creates_processes_externally) == (0, 0, False)
    assert one.main_address == "127.0.0.1" and one.main_port != 29500
