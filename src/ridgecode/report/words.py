"""A report's sentences about its runs: what was measured, what is missing, and what must not be compared."""

from collections.abc import Sequence

from ridgecode.evaluation.names import RECONSTRUCTION
from ridgecode.report.numbers import count, listed
from ridgecode.report.runs import AUTOENCODER, SIAMESE, Run
from ridgecode.report.study import Study


def missing(study: Study) -> list[str]:
    """A sentence for each kind of file or figure that runs lack, with the way to get it."""
    runs = study.runs
    trained = [run for run in runs if run.setting("backbone") != "pca"]
    said = [
        _lacking(
            [run for run in runs if not run.evaluation],
            "no evaluation.json, so no figures: `ridgecode evaluate --run RUN --data STORE` writes them",
        ),
        _lacking(
            [run for run in runs if run.evaluation and not run.matching],
            "no matching figures in evaluation.json, so no place in the matching tables and curves",
        ),
        _lacking([run for run in runs if run.matching and not run.curves], "no curves.npz, so no ROC or DET curve"),
        _lacking([run for run in trained if not run.metrics], "no metrics.jsonl, so no learning curve"),
        _lacking(
            [run for run in runs if run.kind == AUTOENCODER and run.evaluation and run.prints is None],
            "no sheets/validation.npz, so no column on a reconstruction sheet",
        ),
        _lacking(
            [run for run in runs if run.environment.get("finished") is False],
            "not finished training: the figures are of the best epoch so far",
        ),
        _lacking(
            [run for run in runs if run.bytes_on_disk is not None and _not_from_bytes(study, run)],
            "minutiae figures of reconstructions that were not decoded from bytes, so none in the figures against "
            "bytes: `ridgecode evaluate --run RUN --data STORE --matcher MATCHER` makes them anew",
        ),
    ]
    if not study.autoencoders and study.runs:
        said.append("No autoencoder run was given, so there are no latent-size figures and no reconstruction sheet.")
    return [sentence for sentence in said if sentence]


def cautions(study: Study) -> list[str]:
    """Sentences on how to read the figures and on what must not be compared."""
    said = []
    for key, what in (("split", "splits"), ("view", "views"), ("n_prints", "numbers of prints")):
        values = sorted({run.setting(key) for run in study.runs if run.evaluation and run.setting(key)})
        if len(values) > 1:
            said.append(f"The runs were evaluated on different {what} ({listed(values)}): compare them with care.")
    encoding = [run for run in study.runs if run.kind == AUTOENCODER]
    leaking = [run.name for run in encoding if run.evaluation.get("leak") or run.setting("split_by") == "file"]
    if leaking:
        verb = "was" if len(leaking) == 1 else "were"
        said.append(
            f"LEAK: {listed(leaking)} {verb} split by file, with prints of the same subjects and alterations of the "
            "same prints on both sides: such figures don't say what new prints lose."
        )
    for view in dict.fromkeys(plot.prints.view for plot in study.rates):
        plots = [plot for plot in study.rates if plot.prints.view == view]
        if len(plots) > 1:
            said.append(
                f"Codecs and runs of the view {view} were measured on different prints: their rates are drawn in "
                f"{len(plots)} sets of figures, which can't be compared with each other."
            )
    if len(study.sources) > 1:
        names = [source or "not recorded" for source in study.sources]
        said.append(f"The runs' prints come from different sources ({listed(names)}): compare them with care.")
    if "crop32" in study.views:
        said.append(
            "The published figures are those of a ResNet-18 autoencoder on 32x32 centre crops of SOCOFing, the best "
            "of at most 500 epochs, on that write-up's own validation prints; its BCE includes the entropy of the "
            "targets. PCA is fitted on the training subjects of the same store, and measured on the runs' own prints."
        )
        if study.sources != ["socofing"]:
            source = "an unrecorded source" if "" in study.sources else listed(study.sources)
            said.append(f"These runs' prints are from {source}: the published figures are drawn for orientation only.")
    if any(series.of_bce for series in study.autoencoders):
        said.append(
            "BCE on grey targets has an entropy floor that no model can go below. It is in other units than MSE: a run "
            "trained on BCE is ranked by BCE, and its MSE is shown for comparison only."
        )
    return said


def scope(study: Study) -> str:
    """What was measured, in one line, for example "14 runs · SOCOFing · split val · 800 prints of 80 subjects"."""
    codecs = {curve.name for plot in study.rates for curve in plot.classical}
    counts = ((len(study.runs), "run"), (len(codecs), "image codec"))
    parts = [f"{n} {what if n == 1 else f'{what}s'}" for n, what in counts if n]
    names = {
        **{"socofing": "SOCOFing", "fvc": "FVC", "impressions": "second impressions"},
        **{"folder": "an image folder", "synthetic": "synthetic prints"},
    }
    parts += [names.get(source, source) for source in study.sources if source]
    for key, form in (("split", "split {}"), ("view", "view {}")):
        of_codecs = {str(getattr(plot.prints, key)) for plot in study.rates}
        values = sorted(({run.setting(key) for run in study.runs} | of_codecs) - {""})
        if values:
            parts.append(form.format(listed(values)))
    encoding = [run for run in study.runs if run.kind != SIAMESE]  # an image system has no reconstructions to count
    sizes = {(run.figure("n_prints"), run.figure("n_subjects")) for run in encoding if run.evaluation}
    if len(sizes) == 1:
        prints, subjects = sizes.pop()
        parts.append(f"{count(prints)} prints of {count(subjects)} subjects")
    return " · ".join(parts)


def _not_from_bytes(study: Study, run: Run) -> bool:
    """Whether a minutiae matcher's figures of the run are of reconstructions that were not decoded from bytes."""
    files = [file for file in study.minutiae.of_runs[run.name] if file.text("protocol") == RECONSTRUCTION]
    return any(file.figure("bytes") is None for file in files)


def _lacking(runs: Sequence[Run], what: str) -> str:
    if not runs:
        return ""
    names = [run.name for run in runs[:5]] + ([f"{len(runs) - 5} more"] if len(runs) > 5 else [])
    return f"{listed(names)} {'have' if len(runs) > 1 else 'has'} {what}."
