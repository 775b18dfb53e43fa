"""CPU seconds until each verb's --help is printed, beside those of `import torch` and of a bare Python.

Run: python benchmarks/start_up.py [RUN IMAGE IMAGE], where RUN is a matcher's run, to time `verify` as well. Each
figure is the smallest of three, of user and system time together, with one thread.
"""

import os
import resource
import subprocess
import sys

from ridgecode.commands.verbs import VERBS


def cpu_seconds(arguments: list[str]) -> float:
    """The smallest of three runs of `python ARGUMENTS`."""
    found = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def main() -> None:
    print("| command | CPU seconds |\n|---|---|")
    rows = {"python -c pass": ["-c", "pass"], "import torch": ["-c", "import torch"]}
    rows |= {f"ridgecode {verb} --help": ["-m", "ridgecode", *verb.split(), "--help"] for verb in VERBS}
    if sys.argv[1:]:
        rows["ridgecode verify"] = ["-m", "ridgecode", "verify", *sys.argv[1:]]
    for name, arguments in rows.items():
        print(f"| {name} | {cpu_seconds(arguments):.2f} |", flush=True)


if __name__ == "__main__":
    main()
