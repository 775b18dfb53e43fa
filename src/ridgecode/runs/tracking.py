"""Shows a run in Weights & Biases. The run's folder holds everything that is shown.

The W&B mode is the first of these that is there. None of them asks the user anything, and only a login makes W&B use
the network:
1. `WANDB_DISABLED`: 1, true, yes or on is disabled; other words say nothing;
2. `WANDB_MODE`: online, offline or disabled, or W&B's older words run and dryrun, in letters of any size;
3. what `wandb offline` or `wandb disabled` wrote into W&B's settings files;
4. online where there are credentials (`WANDB_API_KEY`, `WANDB_IDENTITY_TOKEN_FILE` or a netrc entry), else offline.

An error in W&B gives one warning line and never stops the run. W&B is imported where a tracker is on, since that takes
a second or more.
"""

import json
import logging
import netrc
import os
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from ridgecode.errors import BadInput
from ridgecode.files import write_text

PROJECT = "ridgecode"
TRACKER_FILE = "tracker.json"
ONLINE_TIMEOUT_SECONDS = 30.0
"""A run that can't reach the server for so long is kept offline and can be uploaded later. W&B's default is 90 s."""
FINISH_TIMEOUT_SECONDS = 300.0
"""The end of a run waits so long for uploads. `wandb sync` uploads the rest from the run folder later."""

Mode = Literal["online", "offline", "disabled"]
_MODES: dict[str, Mode] = {
    "online": "online",
    "run": "online",
    "offline": "offline",
    "dryrun": "offline",
    "disabled": "disabled",
}
_YES = {"1", "true", "yes", "on", "y", "t"}
_log = logging.getLogger(__name__)


class Tracker:
    """Sends a run's metrics, pictures, tables and model to W&B; without a W&B run every method does nothing.

    Get one with `open_tracker`. It is a context manager: the end of the block finishes the run, with exit code 1 where
    an exception ends it. `where` is one line for the user: where the tracked run lies, or why there is none.
    """

    def __init__(self, run: Any = None, where: str = "tracking is off") -> None:
        self._run = run
        self._warned = False
        self.where = where

    @property
    def is_on(self) -> bool:
        """Whether anything is tracked. Where it is not, work that only the tracker needs can be left out."""
        return self._run is not None

    def log(self, metrics: Mapping[str, Any], step: int) -> None:
        """Logs numbers at `step`, in epochs or optimiser steps. W&B drops a step that is lower than an earlier one."""
        self._try("metrics", lambda _, run: run.log(dict(metrics), step=step))

    def log_image(self, key: str, png_path: Path | str, caption: str = "", step: int | None = None) -> None:
        """Logs one picture file, such as a reconstruction sheet."""
        picture = {"caption": caption or None}
        self._try(key, lambda wandb, run: run.log({key: wandb.Image(str(png_path), **picture)}, step=step))

    def log_table(self, key: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Logs a table. A cell is a number, a text, a bool or None, and a column may mix them."""
        self._try(key, lambda wandb, run: run.log({key: _table(wandb, columns, rows)}))

    def log_curve(
        self, key: str, png_path: Path | str, columns: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = ""
    ) -> None:
        """Logs a ROC or DET figure: its picture as `key` and its points as the table `key + "_points"`."""
        self.log_image(key, png_path, caption)
        self.log_table(f"{key}_points", columns, rows)

    def log_model(self, path: Path | str, name: str, metadata: Mapping[str, Any] | None = None) -> None:
        """Logs a model file as an artifact of type `model`; of an offline run `wandb sync` uploads it later.

        W&B keeps the file's path and no copy, so the file must stay in the run folder until it is uploaded.
        """

        def add(wandb: Any, run: Any) -> None:
            artifact = wandb.Artifact(_artifact_name(name), type="model", metadata=dict(metadata or {}))
            artifact.add_file(str(path), policy="immutable")
            run.log_artifact(artifact)

        self._try("the model", add)

    def summary(self, values: Mapping[str, Any]) -> None:
        """Sets summary values: one figure a name for the whole run, such as the best `val_mse`."""
        self._try("the summary", lambda _, run: run.summary.update(dict(values)))

    def alert(self, title: str, text: str) -> None:
        """Sends a W&B alert, which reaches the user where the account asks for alerts."""
        self._try("an alert", lambda _, run: run.alert(title=title, text=text))

    def finish(self, exit_code: int = 0) -> None:
        """Ends the run; a second call does nothing. W&B shows a run whose `exit_code` is not 0 as failed."""
        self._try("the end of the run", lambda _, run: run.finish(exit_code=exit_code))
        self._run = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish(0 if kind is None else 1)

    def _try(self, what: str, action: Callable[[Any, Any], object]) -> None:
        if self._run is None:
            return
        import wandb

        try:
            action(wandb, self._run)
        except Exception as error:  # of any kind: no failure of the tracker may stop a training
            if not self._warned:
                _log.warning("W&B could not take %s (%s); the run goes on and its folder has everything", what, error)
            self._warned = True


def open_tracker(kind: str, run_dir: Path, config: Mapping[str, Any], name: str, job_type: str) -> Tracker:
    """Opens the tracker of the run in `run_dir`. A resumed run continues its W&B run.

    Args:
        kind: "wandb" or "none".
        run_dir: the run's folder. W&B's files go to `run_dir/wandb`, the W&B run's id to `run_dir/tracker.json`.
        config: the run's flat configuration.
        name: the run's name in W&B, where `WANDB_NAME` gives no other.
        job_type: what the run is, such as "train-autoencoder".

    The project is `WANDB_PROJECT` or "ridgecode". Under `wandb agent` its `WANDB_RUN_ID`, `WANDB_SWEEP_ID` and swept
    values are used. Raises BadInput where `kind` or `WANDB_MODE` is another word; an error in W&B only gives a warning.
    """
    if kind not in ("wandb", "none"):
        raise BadInput(f"--tracker {kind} is not known: take wandb or none")
    named = _mode_in_environment()
    if named and named not in _MODES:
        why = "is for several processes of one W&B run, which there are none of here" if named == "shared" else ""
        raise BadInput(
            f"WANDB_MODE={os.environ['WANDB_MODE']} {why or 'is not known'}: set it to online, offline or disabled, or "
            "unset it"
        )
    if kind == "none":
        return Tracker()
    try:
        mode = wandb_mode()
        if mode == "disabled":
            return Tracker()
        run = _start(mode, run_dir, dict(config), name, job_type)
    except Exception as error:  # of any kind, as in Tracker: tracking never stops a run
        _log.warning("W&B could not start (%s); the run goes on without it", error)
        return Tracker(where="tracking is off: W&B could not start")
    if run.offline:
        return Tracker(run, f"W&B offline; upload with: wandb sync {Path(run.dir).parent}")
    return Tracker(run, f"W&B: {run.url}")


def wandb_mode() -> Mode:
    """The mode that W&B will run in, found by the order at the top of this file."""
    named = _mode_in_environment()
    if _MODES.get(named) == "disabled":
        return "disabled"
    if named:
        os.environ["WANDB_MODE"] = named  # W&B reads it too, and knows small letters alone
    import wandb

    # The first setup in a process decides whether W&B prints; it starts no service and opens no connection.
    settings = wandb.setup(settings=wandb.Settings(silent=True)).settings
    mode = _MODES[named or settings.mode]
    if mode == "online" and not _has_credentials(settings.base_url):
        if named:
            _log.warning("WANDB_MODE=online, but no API key was found: W&B stays offline until `wandb login`")
        return "offline"
    return mode


def _mode_in_environment() -> str:
    """The mode that `WANDB_DISABLED` or `WANDB_MODE` asks for, in small letters; "" where neither asks for one."""
    if os.environ.get("WANDB_DISABLED", "").strip().lower() in _YES:
        return "disabled"
    return os.environ.get("WANDB_MODE", "").strip().lower()


def _has_credentials(base_url: str) -> bool:
    """Whether W&B could log in: an API key or token in the environment, or a netrc entry for its server."""
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    hosts = {urlsplit(base_url).netloc}
    if not os.environ.get("WANDB_BASE_URL"):
        hosts.add("api.wandb.ai")  # newer W&B reaches the same accounts by another host
    homes = [Path("~/.netrc").expanduser(), Path("~/_netrc").expanduser()]
    for path in [Path(os.environ["NETRC"]).expanduser()] if os.environ.get("NETRC") else homes:
        try:
            entries = netrc.netrc(path)
        except (OSError, netrc.NetrcParseError):
            continue
        # Not authenticators(): it also takes a `default` entry, which is for another service.
        if any(entries.hosts[host][2] for host in hosts if host in entries.hosts):
            return True
    return False


def _start(mode: Mode, run_dir: Path, config: dict[str, Any], name: str, job_type: str) -> Any:
    import wandb

    run_dir.mkdir(parents=True, exist_ok=True)
    run_id = _run_id(run_dir)

    def init(mode: Mode) -> Any:
        return wandb.init(
            mode=mode,
            dir=str(run_dir),
            project=os.environ.get("WANDB_PROJECT") or PROJECT,
            name=os.environ.get("WANDB_NAME") or name,
            id=run_id,
            resume="allow",
            job_type=job_type,
            config=config,
            # console="off": progress bars would fill the log.
            settings=wandb.Settings(
                silent=True,
                console="off",
                init_timeout=ONLINE_TIMEOUT_SECONDS,
                finish_timeout=FINISH_TIMEOUT_SECONDS,
            ),
        )

    if mode == "offline":
        return init("offline")
    try:
        return init("online")
    except Exception as error:
        _log.warning("W&B can't be reached (%s); the run is kept offline", str(error).splitlines()[0])
        # The service still holds the failed run's id, and would refuse it as in use.
        wandb.teardown()
        wandb.setup(settings=wandb.Settings(silent=True))
        return init("offline")


def _run_id(run_dir: Path) -> str:
    """The W&B run's id: the agent's, else the one that the run folder holds, else a new one. Writes it there."""
    path = run_dir / TRACKER_FILE
    written = ""
    if path.exists():
        try:
            written = str(json.loads(path.read_text(encoding="utf-8"))["wandb_run_id"])
        except (ValueError, KeyError, TypeError):
            _log.warning("%s can't be read; W&B gets a new run", path)
    run_id = os.environ.get("WANDB_RUN_ID") or written or secrets.token_hex(4)
    if run_id != written:
        write_text(path, json.dumps({"wandb_run_id": run_id}) + "\n")
    return run_id


def _table(wandb: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Any:
    return wandb.Table(columns=list(columns), data=[list(row) for row in rows], allow_mixed_types=True)


def _artifact_name(name: str) -> str:
    """`name` in the characters that W&B allows in an artifact's name (at most 128 of them)."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)[:128]
