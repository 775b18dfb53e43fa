"""Command lines of earlier versions: each row of the table in old_names.py, through `main`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ridgecode.autoencoders.saved import AutoencoderSpec, load_autoencoder, save_autoencoder
from ridgecode.commands.cli import main
from ridgecode.commands.old_names import in_todays_words
from ridgecode.commands.verbs import VERBS, Verb

Refused = Callable[..., str]
SPEC = AutoencoderSpec("ridge", "crop32", 4, "mse")
HEAD_FLAGS = ["--comparator=l1", "--loss=bce", "--pairs=mined", "--movement=False", "--hidden=16", "--embedding_dim=8"]
IMAGE_FLAGS = ["--recipe=published", "--source=folder", "--split_by=pair", "--n_pairs=9", "--channels=1"]
HEAD_DEFAULTS = [
    *("--comparator=cosine", "--loss=infonce", "--pairs=auto", "--movement=True", "--hidden=512"),
    *("--embedding_dim=128", "--autoencoder_minutes=5.0"),
]
IMAGE_DEFAULTS = [
    *("--recipe=ours", "--source=auto", "--split_by=auto", "--n_pairs=0", "--image_height=0", "--image_width=0"),
    "--channels=0",
]
MINUTIAE_DEFAULTS = ["--matcher=none", "--levels=all", "--jobs=0", "--max_prints=100"]
CODEC_DEFAULTS = ["--codec=none", "--view=whole", "--qualities="]
RUN_DEFAULTS = ["--depth_bits=8", "--all_files=False", "--window=frame", "--tracker=none", "--protocols=auto"]


@pytest.fixture
def carried_out(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, Any]]:
    """Runs a command line; returns the verb that carries it out and its settings, with nothing done."""
    seen: list[tuple[str, Any]] = []

    def load(verb: Verb) -> Callable[[Any], None]:
        name = next(name for name, known in VERBS.items() if known is verb)
        return lambda settings: seen.append((name, settings))

    monkeypatch.setattr(Verb, "load", load)

    def run(*arguments: str) -> tuple[str, Any]:
        assert main(list(arguments)) == 0
        return seen[-1]

    return run


def spelt(flags: list[str], spelling: str) -> list[str]:
    """Flags of the form `--flag=value` in another spelling."""
    if spelling == "apart":
        return [part for flag in flags for part in flag.split("=", 1)]
    return flags


SPELLINGS = pytest.mark.parametrize("spelling", ["together", "apart"])


@SPELLINGS
@pytest.mark.parametrize("system", [[], ["--system=latent"]])
def test_train_matcher_of_latent_vectors(
    carried_out: Callable[..., tuple[str, Any]], spelling: str, system: list[str]
) -> None:
    flags = spelt([*system, *HEAD_FLAGS, *IMAGE_DEFAULTS, "--seed=3", "--model=a"], spelling)
    verb, settings = carried_out("train-matcher", *flags)
    assert verb == "train-head"
    assert (settings.comparator, settings.loss, settings.pairs, settings.movement) == ("l1", "bce", "mined", False)
    assert (settings.hidden, settings.embedding_dim, settings.seed, settings.model) == (16, 8, 3, Path("a"))


@SPELLINGS
@pytest.mark.parametrize("system", ["subtract", "subtract-conv", "stripes", "contrastive", "l1"])
def test_train_matcher_of_images(carried_out: Callable[..., tuple[str, Any]], spelling: str, system: str) -> None:
    flags = spelt([f"--system={system}", *IMAGE_FLAGS, *HEAD_DEFAULTS, "--seed=3"], spelling)
    verb, settings = carried_out("train-matcher", *flags)
    assert (verb, settings.system, settings.recipe, settings.source) == ("train-siamese", system, "published", "folder")
    assert (settings.split_by, settings.n_pairs, settings.channels, settings.seed) == ("pair", 9, 1, 3)


def test_a_switch_and_the_last_of_two_values(carried_out: Callable[..., tuple[str, Any]]) -> None:
    verb, settings = carried_out("train-matcher", "--movement", "--stop-on-collapse", "--system=l1", "--system=latent")
    assert (verb, settings.movement, settings.stop_on_collapse) == ("train-head", True, True)
    verb, settings = carried_out("train-matcher", "--system", "latent", "--movement", "--system=l1", "--system=latent")
    assert (verb, settings.movement) == ("train-head", True)


@SPELLINGS
@pytest.mark.parametrize("flag", [*IMAGE_FLAGS, "--pair_list=pairs.csv", "--image_height=40", "--image_width=40"])
def test_a_head_refuses_flags_of_images(refused: Refused, spelling: str, flag: str) -> None:
    said = refused("train-matcher", "--seed=3", *spelt([flag], spelling))
    assert f"{flag.partition('=')[0]} is no flag of this verb" in said


@SPELLINGS
@pytest.mark.parametrize("flag", [*HEAD_FLAGS, "--model=a", "--autoencoder_minutes=1"])
def test_an_image_system_refuses_flags_of_heads(refused: Refused, spelling: str, flag: str) -> None:
    said = refused("train-matcher", "--system", "l1", *spelt([flag], spelling))
    assert f"{flag.partition('=')[0]} is no flag of this verb" in said


@pytest.mark.parametrize(("system", "flag"), [([], "--comparator"), (["--system=l1"], "--n_pairs")])
def test_train_matcher_help(system: list[str], flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["train-matcher", *system, "--help"])
    assert stopped.value.code == 0
    assert flag in capsys.readouterr().out


@SPELLINGS
def test_evaluate_codec(carried_out: Callable[..., tuple[str, Any]], spelling: str) -> None:
    flags = ["--codec=jpeg", "--out=x.json", "--qualities=6,30", "--view=crop32", "--split=test", "--data=s"]
    verb, settings = carried_out("evaluate", *spelt([*flags, *MINUTIAE_DEFAULTS, *RUN_DEFAULTS], spelling))
    assert (verb, settings.codec, settings.out, settings.data) == ("evaluate-codec", "jpeg", Path("x.json"), Path("s"))
    assert (settings.qualities, settings.view, settings.split) == ("6,30", "crop32", "test")


@SPELLINGS
def test_evaluate_with_a_matcher(carried_out: Callable[..., tuple[str, Any]], spelling: str) -> None:
    flags = ["--matcher=orb", "--run=a", "--jobs=2", "--levels=Easy", "--max_prints=40", "--protocol=aligned"]
    kept = [flag for flag in RUN_DEFAULTS if not flag.startswith("--protocols")]
    verb, settings = carried_out("evaluate", *spelt([*flags, *CODEC_DEFAULTS, *kept], spelling))
    assert (verb, settings.matcher, settings.run, settings.jobs) == ("evaluate-minutiae", "orb", Path("a"), 2)
    assert (settings.levels, settings.max_prints, settings.protocols) == ("Easy", 40, "aligned")


def test_evaluate_with_a_matcher_and_a_codec(carried_out: Callable[..., tuple[str, Any]]) -> None:
    verb, settings = carried_out("evaluate", "--codec=jpeg2000", "--matcher=orb", "--qualities=20", "--out=x.json")
    assert (verb, settings.codec, settings.qualities) == ("evaluate-minutiae", "jpeg2000", "20")


@SPELLINGS
def test_evaluate_of_a_run(carried_out: Callable[..., tuple[str, Any]], spelling: str) -> None:
    flags = [*MINUTIAE_DEFAULTS, *CODEC_DEFAULTS, "--run=a", "--depth_bits=4", "--protocol=moved"]
    verb, settings = carried_out("evaluate", *spelt(flags, spelling))
    assert (verb, settings.run, settings.depth_bits, settings.protocols) == ("evaluate", Path("a"), 4, "moved")


@pytest.mark.parametrize(
    ("arguments", "flag"),
    [
        (["--codec=jpeg", "--out=x.json", "--depth_bits", "4"], "--depth_bits"),
        (["--codec=jpeg", "--out=x.json", "--max_prints=9"], "--max_prints"),
        (["--codec=jpeg", "--out=x.json", "--protocols=aligned"], "--protocols"),
        (["--codec=jpeg", "--out=x.json", "--all_files"], "--all_files"),
        (["--codec=jpeg", "--out=x.json", "--run=a"], "--run"),
        (["--matcher=orb", "--run=a", "--depth_bits=4"], "--depth_bits"),
        (["--matcher=orb", "--run=a", "--tracker", "wandb"], "--tracker"),
        (["--matcher=orb", "--run=a", "--view=crop32"], "--view"),
        (["--run=a", "--max_prints=3"], "--max_prints"),
        (["--run=a", "--view=crop32"], "--view"),
        (["--run=a", "--matcher=none", "--qualities=6"], "--qualities"),
    ],
)
def test_evaluate_refuses_flags_of_another_use(refused: Refused, arguments: list[str], flag: str) -> None:
    assert f"{flag} is no flag of this verb" in refused("evaluate", *arguments)


@pytest.mark.parametrize(
    ("old", "verb", "settings"),
    [
        ([], "models list", {}),
        (["a"], "models show", {"model": Path("a")}),
        (["a", "--onnx", "--out=d"], "models export", {"model": Path("a"), "out": Path("d")}),
        (["--onnx", "a", "--out", "d"], "models export", {"model": Path("a"), "out": Path("d")}),
        (["a", "--out", "d", "--onnx"], "models export", {"model": Path("a"), "out": Path("d")}),
        *(
            (["a", flag, "--data=s", "--out", "f"], "models fit-codec", {"data": Path("s"), "out": Path("f")})
            for flag in ("--fit_codec", "--fit-codec")
        ),
        (["--keep", "r", "--name", "n"], "models keep", {"run": Path("r"), "name": "n", "data": None, "out": None}),
        (["--name=n", "--keep=r", "--data=s"], "models keep", {"run": Path("r"), "name": "n", "data": Path("s")}),
        (["--keep=r", "--name=n", "--out", "d"], "models keep", {"run": Path("r"), "out": Path("d")}),
    ],
)
def test_models(
    carried_out: Callable[..., tuple[str, Any]], old: list[str], verb: str, settings: dict[str, object]
) -> None:
    found, given = carried_out("models", *old)
    assert found == verb
    assert {name: getattr(given, name) for name in settings} == settings


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["ridge-crop-4"], "ridge-crop-4 does not exist and is no pretrained model (did you mean ridge-crop32-4?)"),
        (["ridge-crop-4", "--onnx", "--out=x"], "(did you mean ridge-crop32-4?)"),
        (["--onnx", "--out=x"], "MODEL is missing"),
        (["ridge-crop32-4", "--onnx"], "--out is missing"),
        (["ridge-crop32-4", "--out=x"], "--out is no flag of this verb"),
        (["ridge-crop32-4", "--name=b"], "--name is no flag of this verb"),
        (["--data=store"], "--data is no flag of this verb"),
        (["--keep=RUN"], "--name is missing"),
        (["--keep=RUN", "--name=A/b"], "--name A/b is no name"),
        (["--keep=RUN", "--name=b", "--onnx"], "--onnx is no flag of this verb"),
        (["ridge-crop32-4", "--keep=RUN", "--name=b"], "ridge-crop32-4"),
        (["--keep=nowhere", "--name=b", "--out=x"], "nowhere is not a run"),
        (["--fit_codec", "--data=store", "--out=x"], "MODEL is missing"),
        (["ridge-crop32-4", "--fit_codec", "--out=x"], "--data is missing"),
        (["ridge-crop32-4", "--fit_codec", "--data=store"], "--out is missing"),
        (["ridge-crop32-4", "--fit_codec", "--onnx", "--data=store", "--out=x"], "--onnx is no flag of this verb"),
        (["--fit_codec", "--keep=RUN", "--name=b"], "--fit_codec is no flag of this verb"),
        (["RUN"], "has no model card"),
    ],
)
def test_models_refuses(
    fake_runs: Any,
    pretrained: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused: Refused,
    flags: list[str],
    words: str,
) -> None:
    file = pretrained("ridge-crop32-4", SPEC)
    run: Path = fake_runs.autoencoder("a", latent_dim=4)
    saved = load_autoencoder(file)
    save_autoencoder(run / "model.safetensors", saved.net, SPEC, saved.latent_mean, saved.latent_std)
    monkeypatch.chdir(tmp_path)
    assert words in refused("models", *(flag.replace("RUN", str(run)) for flag in flags))
    assert not (tmp_path / "x").exists()


def test_models_list_and_card(pretrained: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    file = pretrained("ridge-crop32-4", SPEC)
    pages = []
    for arguments in (["models"], ["models", "list"]):
        assert main(arguments) == 0
        pages.append(capsys.readouterr().out)
    assert pages[0] == pages[1] and pages[0].splitlines()[1].startswith("ridge-crop32-4")
    assert main(["models", "ridge-crop32-4"]) == 0
    assert capsys.readouterr().out == file.with_suffix(".md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--help"],
        ["encode", "store", "--codec=none"],
        ["evaluate", "--run", "a", "--data", "s"],
        ["evaluate", "--help"],
        ["models", "--help"],
        ["models", "keep", "r", "--name=n"],
        ["train-autoencoder", "--model=x"],
    ],
)
def test_todays_words_stay(arguments: list[str]) -> None:
    assert in_todays_words(arguments) == arguments


@pytest.mark.parametrize("flags", [["--protocols=none"], ["--protocol", "none"], ["--threads", "1"], ["--threads=0"]])
def test_flags_that_an_image_codec_never_heeded(carried_out: Callable[..., tuple[str, Any]], flags: list[str]) -> None:
    assert carried_out("evaluate", "--codec=jpeg", "--out=x.json", *flags)[0] == "evaluate-codec"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train-matcher", "--system=latnt"], "--system takes one of latent, subtract, "),
        (["train-matcher", "--system=l1", "--loss=bce"], "see ridgecode train-siamese --help"),
        (["evaluate", "--codec=jpeg", "--run=a", "--out=x.json"], "see ridgecode evaluate-codec --help"),
        (["models", "lst"], "models has no verb 'lst' (did you mean list?)"),
        (["models", "fit_codec"], "(did you mean fit-codec?)"),
        (["models", "shw", "ridge-whole-512"], "(did you mean show?)"),
        (["models", "ridge-whole-51"], "(did you mean ridge-whole-512?)"),
    ],
)
def test_mistakes_in_earlier_words(refused: Refused, arguments: list[str], sentence: str) -> None:
    assert sentence in refused(*arguments)


def test_a_system_without_a_value(refused: Refused) -> None:
    assert "is no flag" not in refused("train-matcher", "--system")
