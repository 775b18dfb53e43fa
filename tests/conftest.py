"""What every room's tests share: where the real prints lie, and a small synthetic data set."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from support.fake_runs import FakeRuns

# On a busy machine an example of a millisecond can take half a second: how long one takes is no finding.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would the programs that the tests start
# and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder that holds SOCOFing/, FVC/, IMPRESSIONS/ and orl_faces/; tests that ask for it are skipped without."""
    root = os.environ.get("RIDGECODE_REAL_DATA")
    if not root:
        pytest.skip(
            "set RIDGECODE_REAL_DATA to a folder with SOCOFing/, FVC/, IMPRESSIONS/ and orl_faces/ to run tests on real"
            " prints"
        )
    return Path(root)


@pytest.fixture(scope="session")
def synthetic_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared store of 8 synthetic subjects: 5 train, 1 validation, 2 test; 10 fingers each, a Real print and its 9
    alterations a finger. Made once a session, in about 10 s on one core; read it only."""
    # Not at the top: tests of other rooms need no synthesis.
    from ridgecode.prints.datasets.prepare import prepare
    from ridgecode.prints.synthetic.synthesise import synthesise

    folder = tmp_path_factory.mktemp("synthetic")
    synthesise(8, 1, folder / "images", seed=0, progress=False)
    return prepare("synthetic", folder / "images", folder / "store", progress=False).path


@pytest.fixture(scope="session")
def matching_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared store of 15 synthetic subjects, enough to match: 10 train, 2 validation, 3 test; the two index
    fingers of each, a Real print and its 9 alterations a finger. Made once a session, in about 8 s on one core; read it
    only."""
    from ridgecode.prints.datasets.prepare import prepare
    from ridgecode.prints.labels import ALTERATIONS, ALTERED_LEVELS, socofing_name
    from ridgecode.prints.synthetic.alterations import alter
    from ridgecode.prints.synthetic.impressions import impression
    from ridgecode.prints.synthetic.masters import master_print
    from ridgecode.prints.synthetic.synthesise import write_bmp

    folder = tmp_path_factory.mktemp("matching")
    images = folder / "images"
    for name in ("Real", *(f"Altered/Altered-{level}" for level in ALTERED_LEVELS)):
        (images / name).mkdir(parents=True)
    for number in range(30):
        who = (str(number // 2 + 1), "M", ("Left", "Right")[number % 2], "index")
        pressed = impression(master_print(number), number)
        write_bmp(images / f"{socofing_name(*who)}.BMP", pressed)
        for level in ALTERED_LEVELS:
            for kind in ALTERATIONS:
                write_bmp(images / f"{socofing_name(*who, level, kind)}.BMP", alter(pressed, kind, level, number))
    return prepare("synthetic", images, folder / "store", progress=False).path


@pytest.fixture(scope="session")
def altered_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared store of SOCOFing's names and random pixels: subjects 1-10 train, 401-402 validate, 481 tests; two
    fingers each, a Real print and an altered one a level. Made in a moment; read it only."""
    import numpy as np

    from ridgecode.prints.datasets.prepare import prepare
    from ridgecode.prints.labels import socofing_name
    from ridgecode.prints.synthetic.synthesise import write_bmp

    folder = tmp_path_factory.mktemp("altered")
    random = np.random.default_rng(0)
    for name in ("Real", *(f"Altered/Altered-{level}" for level in ("Easy", "Medium", "Hard"))):
        (folder / "images" / name).mkdir(parents=True)
    for subject in (*range(1, 11), 401, 402, 481):
        for hand in ("Left", "Right"):
            who = (str(subject), "M", hand, "index")
            names = [socofing_name(*who), *(socofing_name(*who, level, "CR") for level in ("Easy", "Medium", "Hard"))]
            for name in names:
                write_bmp(folder / "images" / f"{name}.BMP", random.integers(0, 256, (97, 90), np.uint8))
    return prepare("socofing", folder / "images", folder / "store", progress=False).path


@pytest.fixture(scope="session")
def autoencoder_run(matching_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished autoencoder run on `matching_store`: PCA of whole prints, 12 dims; read it only."""
    from ridgecode.commands.settings.train_autoencoder import TrainAutoencoder
    from ridgecode.commands.train.autoencoder import train_autoencoder

    config = TrainAutoencoder(
        data=matching_store,
        run_dir=tmp_path_factory.mktemp("autoencoder") / "pca-12",
        backbone="pca",
        view="whole",
        latent_dim=12,
        train_crops="centre",  # 20 windows are fitted in a moment, thousands of random ones take minutes
        device="cpu",
        threads=1,
        tracker="none",
        evaluate=False,
    )
    return train_autoencoder(config)


@pytest.fixture(scope="session")
def matcher_run(matching_store: Path, autoencoder_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished train-head run on `autoencoder_run`, 3 epochs of a small head; read it only."""
    from ridgecode.commands.settings.train_head import TrainHead
    from ridgecode.commands.train.head import train_head

    config = TrainHead(
        data=matching_store,
        run_dir=tmp_path_factory.mktemp("matcher") / "head",
        model=autoencoder_run,
        hidden=32,
        embedding_dim=16,
        batch_size=16,
        max_epochs=3,
        device="cpu",
        threads=1,
        tracker="none",
        evaluate=False,
    )
    return train_head(config)


@pytest.fixture
def pretrained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Puts pretrained models of fresh networks into an empty folder that stands in for the package's own, as
    `ridgecode models keep` writes them: `pretrained(name, spec, source)` returns the model's file."""
    import torch

    from ridgecode.autoencoders.model_card import Measured, ModelCard, card_page
    from ridgecode.autoencoders.saved import AutoencoderSpec, build_network, save_autoencoder

    folder = tmp_path / "pretrained"
    folder.mkdir()
    monkeypatch.setattr("ridgecode.autoencoders.pretrained.PRETRAINED", folder)

    def write(name: str, spec: AutoencoderSpec, source: str = "socofing", coded_bytes: float | None = None) -> Path:
        torch.manual_seed(0)
        net, dims, file = build_network(spec), spec.latent_dim, folder / f"{name}.safetensors"
        card = ModelCard(
            name=name,
            view=spec.view,
            latent_dim=dims,
            backbone=spec.backbone,
            distortion=spec.distortion,
            task=spec.task,
            parameters=12_345,
            trained_on=source,
            figures=(Measured(source, 800, 80, 0.03712, 0.03714, 0.0655, coded_bytes, coded_bytes and 0.04),),
            command=f"ridgecode train-autoencoder --latent_dim={dims} --data=store --run_dir=a",
            seed=3,
            commit="0123abc",
            machine="Imaginary CPU, 1 thread",
            seconds=360.663,
        )
        save_autoencoder(file, net, spec, torch.arange(float(dims)), torch.ones(dims), half=True, card=card.to_json())
        file.with_suffix(".md").write_text(card_page(card), encoding="utf-8")
        return file

    return write


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command line that must be refused; returns its one sentence. Exit code 2, no traceback, nothing printed
    on standard output."""
    from ridgecode.commands.cli import main

    def refused(*arguments: object) -> str:
        capsys.readouterr()
        assert main([str(argument) for argument in arguments]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("ridgecode: ")
        assert said.err.count("\n") == 1
        return said.err

    return refused


@pytest.fixture
def fake_runs(tmp_path: Path) -> FakeRuns:
    """One protocol is enough for most tests, and quicker."""
    return FakeRuns(tmp_path / "runs", protocols=("moved",))


@pytest.fixture(scope="session")
def latent_study(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """14 runs: 7 latent sizes trained on MSE and on BCE."""
    fake = FakeRuns(tmp_path_factory.mktemp("study"))
    sizes = (8, 16, 32, 64, 128, 256, 512)
    return [fake.autoencoder(distortion=distortion, latent_dim=size) for distortion in ("mse", "bce") for size in sizes]


@pytest.fixture(scope="session")
def coded_run(synthetic_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished, evaluated run of `synthetic_store` with --rate_weight 0.02: 64 dims of crops; read it only."""
    from ridgecode.commands.evaluate import evaluate_run
    from ridgecode.commands.settings.evaluate import Evaluate
    from ridgecode.commands.settings.train_autoencoder import TrainAutoencoder
    from ridgecode.commands.train.autoencoder import train_autoencoder

    config = TrainAutoencoder(
        data=synthetic_store,
        run_dir=tmp_path_factory.mktemp("coded") / "run",
        latent_dim=64,
        width=8,
        rate_weight=0.02,
        train_crops="centre",
        batch_size=16,
        max_epochs=12,
        device="cpu",
        threads=1,
        tracker="none",
        evaluate=False,
    )
    run = train_autoencoder(config)
    evaluate_run(Evaluate(run=run, data=synthetic_store, protocols="none", threads=1))
    return run
