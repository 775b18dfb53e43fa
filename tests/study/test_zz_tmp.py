

def test_f(matcher_run, matching_store):
    print(sorted(p.name for p in matcher_run.rglob("*")), (matcher_run / "metrics.jsonl").read_text())
