"""`ridgecode prepare`: images into a prepared store."""

from ridgecode.commands.settings.prepare import Prepare
from ridgecode.errors import BadInput
from ridgecode.prints.datasets.download import download_socofing
from ridgecode.prints.datasets.prepare import prepare


def prepare_store(settings: Prepare) -> None:
    """Prepares the store and prints what was done. Raises BadInput as `prints.prepare` does."""
    if settings.download and (settings.source != "socofing" or settings.root is not None):
        raise BadInput("--download fetches SOCOFing itself; leave out --root and any other --source")
    if settings.root is None and not settings.download:
        raise BadInput("--root is missing: give the folder with the images, or --download to fetch SOCOFing")
    root = download_socofing() if settings.root is None else settings.root
    report = prepare(
        settings.source,
        root,
        settings.out,
        settings.subjects,
        settings.skip_bad,
        settings.ppi,
        settings.threads,
        pattern=settings.pattern,
        strict=settings.strict,
        canonical_ppi=settings.canonical_ppi,
        person_digits=None if settings.person_digits == -1 else settings.person_digits,
    )
    done = "was prepared already" if report.reused else f"prepared in {report.seconds:.1f} s"
    if report.made_anew:
        done += f", made anew since {report.made_anew}"
    skipped = f", {len(report.skipped)} files skipped (listed in store.json)" if report.skipped else ""
    print(f"{report.path}: {report.n_prints} prints, {report.n_bytes / 1e6:.0f} MB, {done}{skipped}")
    for line in report.account:
        print(line)
