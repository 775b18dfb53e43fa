"""`ridgecode synthesise`: synthetic prints in SOCOFing's layout."""

from ridgecode.commands.settings.synthesise import Synthesise
from ridgecode.prints.synthetic.synthesise import synthesise


def synthesise_prints(settings: Synthesise) -> None:
    """Makes the prints and prints where they lie. Raises BadInput as `prints.synthetic.synthesise` does."""
    report = synthesise(
        settings.subjects,
        settings.impressions,
        settings.out,
        settings.seed,
        settings.alterations,
        settings.ridge_period,
        settings.threads,
        field_of_view=settings.field_of_view,
        ppi=settings.ppi,
    )
    print(f"{report.out}: {report.real} Real and {report.altered} altered prints in {report.seconds:.1f} s")
