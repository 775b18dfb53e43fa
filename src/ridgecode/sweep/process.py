"""One process of a trial. It ends with its sweep, and two processes can't work on one trial.

Three things together:
- on Linux the kernel sends the process SIGTERM when the sweep dies, `kill -9` included (prctl PR_SET_PDEATHSIG);
- everywhere, the process holds a lock (flock) on the trial's lock file through a file descriptor that it inherits, so
  the lock lasts exactly as long as it does; a later sweep that finds the lock held ends what it belongs to first;
- it leads a process group of its own, so that what it started ends with it, and Ctrl-C reaches the sweep alone.

On Windows, which has none of these, a trial outlives a sweep that is killed; its run folder is locked as that of any
training, so a later sweep's trial is refused until it ends.
"""

import contextlib
import ctypes
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ridgecode.errors import BadInput

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

# How long a process may take to end well after SIGTERM (a training run finishes its batch) before it is killed.
GRACE_SECONDS = 15.0
_PR_SET_PDEATHSIG = 1


class TrialProcess:
    """A command that runs with its output appended to `log`, holding the lock file `lock`.

    Raises BadInput when a process of an earlier sweep holds the lock and can't be ended.
    """

    def __init__(self, command: Sequence[str], log: Path, lock: Path, environment: Mapping[str, str]) -> None:
        handle = None if fcntl is None else _locked(lock)
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("ab") as output:
                output.write(f"$ {shlex.join(command)}\n".encode())
                output.flush()
                self._log_start = output.tell()
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=dict(environment),
                    **_apart(handle),
                )
            if handle is not None:
                os.pwrite(handle, f"{self._process.pid}\n".encode(), 0)
        finally:
            if handle is not None:
                os.close(handle)  # from here on the process alone holds the lock
        self.log = log
        self.started = time.monotonic()

    @property
    def exit_code(self) -> int | None:
        """None while the process runs; negative when a signal ended it."""
        return self._process.poll()

    @property
    def seconds(self) -> float:
        """Wall time since the start."""
        return time.monotonic() - self.started

    def last_sentence(self) -> str:
        """The last line that this process wrote to its log, or how it ended when it wrote none."""
        with self.log.open("rb") as written:
            written.seek(self._log_start)
            text = written.read().decode(errors="replace")
        lines = [line.strip() for line in text.replace("\r", "\n").splitlines() if line.strip()]
        code = self.exit_code
        if code is not None and code < 0:
            return f"it was ended by {signal.Signals(-code).name}"
        return lines[-1] if lines else f"it ended with exit code {code} and no word"

    def terminate(self) -> None:
        """Asks the process to end (SIGTERM); its children are its own to end."""
        if self.exit_code is None:
            self._process.terminate()

    def kill(self) -> None:
        """Kills the whole process group at once and waits for the process."""
        if fcntl is None:
            self._process.kill()
        else:
            _kill_group(self._process.pid)
        self._process.wait()


def stop_all(processes: Iterable[TrialProcess], grace_seconds: float = GRACE_SECONDS) -> None:
    """Ends processes together: SIGTERM, and after `grace_seconds` SIGKILL for what is left."""
    processes = list(processes)
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and any(process.exit_code is None for process in processes):
        time.sleep(0.05)
    for process in processes:
        process.kill()


def _apart(handle: int | None) -> dict[str, Any]:
    """How a process is started in a group of its own. handle: the lock that it inherits; None on Windows."""
    if handle is None:
        return {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    return {"pass_fds": (handle,), "start_new_session": True, "preexec_fn": _die_with_parent()}


def _locked(path: Path) -> int:
    """Opens and locks the trial's lock file, ending the process of an earlier sweep that still holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    if not _try_lock(handle):
        # A sweep that was killed this moment: its process has had its SIGTERM and needs a little; without prctl, it has
        # not.
        text = os.pread(handle, 32, 0).strip()
        holder = int(text) if text.isdigit() else 0
        _signal(os.kill, holder, signal.SIGTERM)
        if not _lock_within(handle, GRACE_SECONDS):
            _kill_group(holder)
            if not _lock_within(handle, GRACE_SECONDS):
                os.close(handle)
                raise BadInput(
                    f"a process of an earlier sweep still works on {path.name}: end it (see {path}) and start again"
                )
    os.ftruncate(handle, 0)  # so that an old process id is never taken for the new one's
    return handle


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_within(handle: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not _try_lock(handle):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _kill_group(leader: int) -> None:
    _signal(os.killpg, leader, signal.SIGKILL)


def _signal(send: Callable[[int, int], None], process: int, number: int) -> None:
    # 0 would mean this sweep's own group.
    if process > 0:
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            send(process, number)


def _die_with_parent() -> Callable[[], None] | None:
    """What the child runs before its command on Linux; the library is loaded before the fork, where loading is safe."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # the sweep died between the fork and here
            os._exit(1)

    return ask
