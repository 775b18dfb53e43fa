"""Mirrors a run folder to Weights & Biases; the folder stays the truth.

How the W&B mode is found, with no prompt and no network wait unless a login exists:
1. `WANDB_MODE` (online, offline, disabled; W&B's older words run and dryrun too) where it is set;
2. else what `wandb offline` or `wandb disabled` wrote into W&B's settings files;
3. else online where credentials lie ready (`WANDB_API_KEY`, `WANDB_IDENTITY_TOKEN_FILE` or a netrc entry), offline
   where they don't.

Whatever goes wrong in the tracker is told once, in one warning line, and never stops the run it mirrors.
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

import wandb

from ridgecode.errors import BadInput
from ridgecode.files import write_text

PROJECT = "ridgecode"
TRACKER_FILE = "tracker.json"
# W&B waits 90 s by default; a run that can't reach the server in 30 s is kept offline and can be uploaded later.
ONLINE_TIMEOUT_SECONDS = 30.0
# How long the end of a run waits for uploads; what is left then lies in the run folder for `wandb sync`.
FINISH_TIMEOUT_SECONDS = 300.0

Mode = Literal["online", "offline", "disabled"]
_MODES: dict[str, Mode] = {
    "online": "online",
    "run": "online",
    "offline": "offline",
    "dryrun": "offline",
    "disabled": "disabled",
}
_log = logging.getLogger(__name__)


class Tracker:
    """What a run tells W&B; without a W&B run every method does nothing. Opened with `open_tracker`.

    A context manager: leaving the block finishes the run, with exit code 1 when an exception leaves it.
    `where` is one line for the user: where the tracked run lies, or why there is none.
    """

    def __init__(self, run: Any = None, where: str = "tracking is off") -> None:
        self._run = run
        self._told = False
        self.where = where

    @property
    def is_on(self) -> bool:
        """Whether anything is tracked: skip work that only the tracker needs where it is False."""
        return self._run is not None

    def log(self, metrics: Mapping[str, Any], step: int) -> None:
        """Logs numbers at `step` (epochs or optimiser steps; W&B drops a step lower than an earlier one)."""
        self._try("metrics", lambda run: run.log(dict(metrics), step=step))

    def log_image(self, key: str, png_path: Path | str, caption: str = "", step: int | None = None) -> None:
        """Logs one picture file, such as a reconstruction sheet."""
        self._try(key, lambda run: run.log({key: wandb.Image(str(png_path), caption=caption or None)}, step=step))

    def log_table(self, key: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Logs a table; a cell is a number, a text, a bool or None, and a column may mix them."""
        self._try(key, lambda run: run.log({key: _table(columns, rows)}))

    def log_curve(
        self, key: str, png_path: Path | str, columns: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = ""
    ) -> None:
        """Logs a ROC or DET figure twice: its picture as `key`, its points as the table `key + "_points"`."""
        self.log_image(key, png_path, caption)
        self.log_table(f"{key}_points", columns, rows)

    def log_model(self, path: Path | str, name: str, metadata: Mapping[str, Any] | None = None) -> None:
        """Logs a model file as an artifact of type `model`; offline, `wandb sync` uploads it later.

        The file is referred to where it lies, not copied, so it must stay in the run folder until it is uploaded.
        """

        def add(run: Any) -> None:
            artifact = wandb.Artifact(_artifact_name(name), type="model", metadata=dict(metadata or {}))
            artifact.add_file(str(path), policy="immutable")
            run.log_artifact(artifact)

        self._try("the model", add)

    def summary(self, values: Mapping[str, Any]) -> None:
        """Sets the run's summary values: the run's one figure per name, such as the best `val_mse`."""
        self._try("the summary", lambda run: run.summary.update(dict(values)))

    def alert(self, title: str, text: str) -> None:
        """Tells the user something now, by W&B's alerts, where the account asks for them."""
        self._try("an alert", lambda run: run.alert(title=title, text=text))

    def finish(self, exit_code: int = 0) -> None:
        """Ends the run; a second call does nothing. W&B shows a run with `exit_code` other than 0 as failed."""
        self._try("the end of the run", lambda run: run.finish(exit_code=exit_code))
        self._run = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish(0 if kind is None else 1)

    def _try(self, what: str, action: Callable[[Any], object]) -> None:
        if self._run is None:
            return
        try:
            action(self._run)
        except Exception as error:  # whatever the tracker raises: the training matters more
            if not self._told:
                _log.warning("W&B could not take %s (%s); the run goes on and its folder has everything", what, error)
            self._told = True


def open_tracker(kind: str, run_dir: Path, config: Mapping[str, Any], name: str, job_type: str) -> Tracker:
    """Opens the tracker of the run in `run_dir`; a resumed run continues its own W&B run.

    Args:
        kind: "wandb" or "none".
        run_dir: the run folder; W&B's files go to `run_dir/wandb`, the W&B run's id to `run_dir/tracker.json`.
        config: the run's flat configuration.
        name: the run's name in W&B; `WANDB_NAME` wins.
        job_type: what the run is, such as "train-autoencoder".

    The project is `WANDB_PROJECT` or "ridgecode". Under `wandb agent` the agent's `WANDB_RUN_ID`, `WANDB_SWEEP_ID` and
    swept values win. Raises BadInput when `kind` or `WANDB_MODE` is none of the words above; never for a tracker that
    fails.
    """
    if kind not in ("wandb", "none"):
        raise BadInput(f"--tracker {kind} is not known: take wandb or none")
    named = os.environ.get("WANDB_MODE", "")
    if named and named not in _MODES:
        raise BadInput(f"WANDB_MODE={named} is not known: set it to online, offline or disabled, or unset it")
    if kind == "none":
        return Tracker()
    try:
        mode = wandb_mode()
        if mode == "disabled":
            return Tracker()
        run = _start(mode, run_dir, dict(config), name, job_type)
    except Exception as error:  # the same promise as in Tracker: tracking never stops a run
        _log.warning("W&B could not start (%s); the run goes on without it", error)
        return Tracker(where="tracking is off: W&B could not start")
    if run.offline:
        return Tracker(run, f"W&B offline; upload with: wandb sync {Path(run.dir).parent}")
    return Tracker(run, f"W&B: {run.url}")


def wandb_mode() -> Mode:
    """The mode W&B will run in, found without network and without a prompt, as the module's first lines tell."""
    # The first setup of the process decides whether W&B talks; it starts no service and opens no connection.
    settings = wandb.setup(settings=wandb.Settings(silent=True)).settings
    mode = _MODES[os.environ.get("WANDB_MODE") or settings.mode]
    if mode == "online" and not _has_credentials(settings.base_url):
        if os.environ.get("WANDB_MODE"):
            _log.warning("WANDB_MODE=online, but no API key was found: W&B stays offline until `wandb login`")
        return "offline"
    return mode


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
        # Not authenticators(): it falls back to a `default` entry, which is some other service's.
        if any(entries.hosts[host][2] for host in hosts if host in entries.hosts):
            return True
    return False


def _start(mode: Mode, run_dir: Path, config: dict[str, Any], name: str, job_type: str) -> Any:
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
            # console off: progress bars would fill the log, and the terminal is the user's.
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
    """The W&B run's id: the agent's, else the one in the run folder, else a new one; kept in the run folder."""
    path = run_dir / TRACKER_FILE
    kept = ""
    if path.exists():
        try:
            kept = str(json.loads(path.read_text(encoding="utf-8"))["wandb_run_id"])
        except (ValueError, KeyError, TypeError):
            _log.warning("%s can't be read; W&B gets a new run", path)
    run_id = os.environ.get("WANDB_RUN_ID") or kept or secrets.token_hex(4)
    if run_id != kept:
        write_text(path, json.dumps({"wandb_run_id": run_id}) + "\n")
    return run_id


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> wandb.Table:
    return wandb.Table(columns=list(columns), data=[list(row) for row in rows], allow_mixed_types=True)


def _artifact_name(name: str) -> str:
    """`name` in the characters that W&B allows in an artifact's name (at most 128 of them)."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)[:128]
