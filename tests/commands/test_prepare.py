"""What `ridgecode prepare` prints."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ridgecode.commands.cli import main
from ridgecode.prints.store import PrintStore


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for name in ("s1/1", "s1/2", "s2/[b]1 50%"):
        path = tmp_path / f"faces/{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (9, 8), dtype=np.uint8)).save(path)
    (tmp_path / "faces/s2/[b]x.heic").touch()
    (tmp_path / "faces/s9").mkdir()
    return tmp_path / "faces"


def prepare(faces: Path, out: Path, *flags: str) -> list[str]:
    return ["prepare", "--source", "folder", "--root", str(faces), "--out", str(out), *flags]


def test_the_account_is_printed_each_time(faces, tmp_path, capsys):
    account = [
        "taken: 3 prints of 2 identities (3 .png)",
        "left out: 2",
        "  1 .heic, suffix that is not read: s2/[b]x.heic",
        "  1, folder without an image that is read: s9",
        f"the whole list is in {tmp_path / 'st/store.json'}",
    ]
    assert main(prepare(faces, tmp_path / "st")) == 0
    first = capsys.readouterr().out.splitlines()
    assert first[0].startswith(f"{tmp_path / 'st'}: 3 prints, 0 MB, prepared in ")
    assert first[1:] == account
    assert main(prepare(faces, tmp_path / "st")) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path / 'st'}: 3 prints, 0 MB, was prepared already",
        *account,
    ]
    (faces / "s1/1.png").rename(faces / "s1/3.png")
    assert main(prepare(faces, tmp_path / "st")) == 0
    assert "made anew since images, their names or their folders have changed" in capsys.readouterr().out


def test_persons_of_impressions_are_told_by_a_flag(tmp_path, capsys, refused):
    for finger in (11, 12, 21):
        path = tmp_path / f"phone/{finger}_1.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((50, 40), finger, np.uint8)).save(path)
    command = ["prepare", "--source", "impressions", "--root", str(tmp_path / "phone"), "--out", str(tmp_path / "st")]
    assert main(command) == 0
    assert "each finger of phone is taken as a person of its own" in capsys.readouterr().out
    assert set(PrintStore.open(tmp_path / "st").column("subject")) == {"phone/11", "phone/12", "phone/21"}
    assert main([*command, "--person_digits", "1"]) == 0
    assert "made anew since what is known of its sets has changed" in capsys.readouterr().out
    assert set(PrintStore.open(tmp_path / "st").column("subject")) == {"phone/1", "phone/2"}
    assert "--person_digits -2 is no number of digits" in refused(*command, "--person_digits", "-2")
    assert "leaves no number of the person" in refused(*command, "--person_digits", "2")


def test_strict_is_a_switch(faces, tmp_path, refused):
    said = refused(*prepare(faces, tmp_path / "st", "--strict"))
    assert "--strict: 2 left out, the first of them" in said
    assert not (tmp_path / "st").exists()


def test_a_pattern_is_given_as_a_flag(faces, tmp_path, capsys, refused):
    pattern = "s(?P<person>[0-9])/.*(?P<impression>[0-9]).*"
    assert main(prepare(faces, tmp_path / "st", "--pattern", pattern)) == 0
    assert "taken: 3 prints of 2 identities" in capsys.readouterr().out
    assert "is no regular expression" in refused(*prepare(faces, tmp_path / "st", "--pattern", "("))


def test_root_and_download(tmp_path, refused):
    assert "--root is missing" in refused("prepare", "--out", tmp_path / "st")
    assert "--download fetches SOCOFing itself" in refused(
        "prepare", "--out", tmp_path / "st", "--download", "--root", tmp_path
    )


@pytest.fixture
def store_at_500_ppi(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for name in ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2"):
        path = tmp_path / f"images/SET/{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (80, 70), dtype=np.uint8)).save(path, dpi=(500, 500))
    flags = ["--source", "impressions", "--root", str(tmp_path / "images"), "--canonical_ppi", "500"]
    assert main(["prepare", "--out", str(tmp_path / "store"), *flags]) == 0
    assert PrintStore.open(tmp_path / "store").image(0).shape == (80, 70)
    return tmp_path / "store"


@pytest.mark.parametrize(
    "command",
    [
        "train-autoencoder --backbone pca --latent_dim 2 --data {store} --run_dir {run}",
        "train-head --data {store} --run_dir {run} --model ridge-aligned-64",
        "train-siamese --system contrastive --data {store} --run_dir {run}",
        "train-siamese --system ridge --data {store} --run_dir {run}",
        "evaluate-codec --codec jpeg --data {store} --out {run}/jpeg.json",
        "evaluate-minutiae --matcher orb --codec jpeg --qualities 50 --data {store} --out {run}/minutiae.json",
        "calibrate --run ridge-match --data {store} --fmr 0.1 --out {run}.safetensors",
    ],
)
def test_verbs_for_prints_at_200_ppi_refuse_a_store_at_500(store_at_500_ppi, tmp_path, capsys, command):
    capsys.readouterr()
    run = tmp_path / "run"
    assert main(command.format(store=store_at_500_ppi, run=run).split()) == 2
    assert f"the store {store_at_500_ppi} keeps prints at 500 ppi where 200 are needed" in capsys.readouterr().err


def test_minutiae_of_a_store_at_500_ppi_are_those_of_its_images_as_they_are(store_at_500_ppi, tmp_path, monkeypatch):
    from ridgecode.matching.minutiae import orb

    scales = []
    monkeypatch.setattr(orb, "at_500_ppi", lambda print, ppi: (scales.append(ppi), print)[1])
    out = ["--out", str(tmp_path / "minutiae.json"), "--split", "all", "--jobs", "1"]
    assert main(["evaluate-minutiae", "--matcher", "orb", "--data", str(store_at_500_ppi), *out]) == 0
    assert set(scales) == {500.0}
