"""Stands in for `ridgecode` in the tests of sweeps: a "training" that resumes, and an evaluation.

The training writes --steps metrics.jsonl lines (3 where not given; val_mse falls to the square of the distance of
log10(x) from -2), sleeps --pause seconds after each, and goes on after the steps it finds there. It fails where
OUT/fail_NAME lies.
"""

import json
import math
import os
import sys
import time
from pathlib import Path

verb, *rest = sys.argv[1:]
arguments = dict(part[2:].split("=", 1) for part in rest)
if verb == "evaluate":
    run = Path(arguments["run"])
    (run / "evaluation.json").write_text('{"schema": 1}')
    sys.exit(0)

run = Path(arguments["run_dir"])
run.mkdir(parents=True, exist_ok=True)
with (run / "starts.jsonl").open("a") as starts:
    record = {
        "pid": os.getpid(),
        "argv": sys.argv[1:],
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "time": time.time(),
    }
    starts.write(json.dumps(record) + "\n")
if (run.parent.parent / f"fail_{run.name}").exists():
    print("progress 10%\rprogress 20%")
    print("ridgecode: this trial was told to fail", file=sys.stderr)
    sys.exit(2)
target = (math.log10(float(arguments.get("x", "0.01"))) + 2) ** 2
steps = int(arguments.get("steps", "3"))
metrics = run / "metrics.jsonl"
done = len(metrics.read_text().splitlines()) if metrics.exists() else 0
for step in range(done, steps):
    with metrics.open("a") as lines:
        lines.write(json.dumps({"epoch": step, "val_mse": target + steps - 1 - step}) + "\n")
    time.sleep(float(arguments.get("pause", "0")))
(run / "environment.json").write_text(json.dumps({"finished": True}))
with (run / "starts.jsonl").open("a") as starts:
    starts.write(json.dumps({"end": time.time()}) + "\n")
