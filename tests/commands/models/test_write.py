"""`ridgecode models export`, `fit-codec` and `keep`: what they are given and what they say.

What ONNX files compute is tested beside the export, codecs beside their fit, cards in test_keep.py.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ridgecode.autoencoders.saved import AutoencoderSpec, load_autoencoder
from ridgecode.codec.latent_codec import latent_codec

Said = Callable[..., str]
Pretrained = Callable[..., Path]
Refused = Callable[..., str]


def test_export(run: Path, tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def export(net: object, height: int, width: int, folder: Path) -> list[Path]:
        asked.append((type(net).__name__, height, width, folder))
        (tmp_path / "encoder.onnx").write_bytes(b"1234")
        return [tmp_path / "encoder.onnx"]

    monkeypatch.setattr("ridgecode.autoencoders.autoencoder.export_onnx", export)
    assert said("export", run, f"--out={tmp_path / 'onnx'}") == f"{tmp_path / 'encoder.onnx'}: 4 bytes\n"
    assert asked == [("RidgeAutoencoder", 32, 32, tmp_path / "onnx")]


def test_fit_codec(
    pretrained: Pretrained, spec: AutoencoderSpec, matching_store: Path, tmp_path: Path, said: Said
) -> None:
    file, out = pretrained("ridge-crop32-4", spec), tmp_path / "with" / "model.safetensors"
    told = said("fit-codec", "ridge-crop32-4", f"--data={matching_store}", f"--out={out}")
    assert told == f"{out}: {out.stat().st_size:,} bytes, of a model that `ridgecode encode` takes\n"
    assert not load_autoencoder(file).codec
    assert len(latent_codec(load_autoencoder(out)).encode(torch.zeros(2, 4))) == 2


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["export", "ridge-crop-4", "--out=x"], "(did you mean ridge-crop32-4?)"),
        (["export", "--out=x"], "MODEL is missing"),
        (["export", "ridge-crop32-4"], "--out is missing"),
        (["export", "ridge-crop32-4", "--out=x", "--name=b"], "--name is no flag of this verb"),
        (["fit-codec", "ridge-crop32-4", "--out=x"], "--data is missing"),
        (["fit-codec", "ridge-crop32-4", "--data=nowhere"], "--out is missing"),
        (["fit-codec", "--out=x", "--data=nowhere"], "MODEL is missing"),
        (["fit-codec", "ridge-crop32-4", "--data=nowhere", "--out=x"], "nowhere is no folder"),
        (["fit-codec", "ridge-crop32-4", "--data=nowhere", "--out=FOLDER"], "is a folder; name a file"),
        (["keep", "RUN"], "--name is missing"),
        (["keep", "--name=a"], "RUN is missing"),
        (["keep", "RUN", "--name=A/b"], "--name A/b is no name"),
        (["keep", "RUN", "--name=..", "--out=x"], "--name .. is no name"),
        (["keep", "RUN", "--name=b", "--onnx"], "--onnx is no flag of this verb"),
        (["keep", "nowhere", "--name=b", "--out=x"], "nowhere is not a run"),
        (["keep", "RUN", "--name=b", "--out=x", "--data=nowhere"], "nowhere is no folder"),
    ],
)
def test_refusals(
    run: Path,
    spec: AutoencoderSpec,
    pretrained: Pretrained,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused: Refused,
    flags: list[str],
    words: str,
) -> None:
    pretrained("ridge-crop32-4", spec)
    monkeypatch.chdir(tmp_path)
    places = {"RUN": str(run), "--out=FOLDER": f"--out={tmp_path}"}
    assert words in refused("models", *(places.get(flag, flag) for flag in flags))
    assert not (tmp_path / "x").exists()


def test_a_store_without_train_prints(
    run: Path, matching_store: Path, tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ridgecode.prints.store.PrintStore.prints", lambda store, split: [])
    said = refused("models", "fit-codec", run, f"--data={matching_store}", f"--out={tmp_path / 'x.safetensors'}")
    assert "has no Real prints of train subjects; prepare a store with more subjects" in said
