"""The front door to coded prints: a saved autoencoder with a codec, prints to bytes and back."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode.autoencoders.autoencoder import Autoencoder, Kind
from ridgecode.autoencoders.inference import for_inference
from ridgecode.autoencoders.saved import SavedAutoencoder, load_autoencoder
from ridgecode.codec.latent_codec import latent_codec
from ridgecode.codec.ridge_file import HASH_BYTES, RidgeFile, pack_print
from ridgecode.errors import BadInput


class Codec:
    """Prints to the bytes of `.ridge` files of one print (docs/format.md), and back. Get one with `Codec.load`.

    autoencoder: the `Autoencoder` whose latent vectors are coded, in its form for inference alone
    """

    def __init__(self, saved: SavedAutoencoder, device: str | torch.device = "cpu") -> None:
        """Takes what `load_autoencoder` gives, and moves its network to `device`. Raises BadInput for a device that is
        not there, and for a model without a codec."""
        self._codec, self._model = latent_codec(saved), bytes.fromhex(saved.sha256)[:HASH_BYTES]
        self.autoencoder = Autoencoder(replace(saved, net=for_inference(saved.net)), device)

    @classmethod
    def load(cls, model: Path | str, device: str | torch.device = "cpu") -> "Codec":
        """Loads a pretrained model by its name, a run by its folder, or a model file, as `Autoencoder.load` does, and
        raises BadInput as it does, and for a model without a codec."""
        return cls(load_autoencoder(model), device)

    def __repr__(self) -> str:
        return f"Codec({self.autoencoder!r})"

    def encode(self, x: Kind) -> list[bytes]:
        """Prints, as `Autoencoder` takes them -> the bytes of a file for each; one print (H, W) gives a list of one.

        Raises BadInput (a ValueError) for another shape or type, values beyond the range, or NaN.
        """
        z = torch.as_tensor(self.autoencoder.encode(x)).detach()
        view = self.autoencoder.view
        payloads = self._codec.encode(z if z.ndim == 2 else z[None])
        return [pack_print(self._model, view.height, view.width, payload) for payload in payloads]

    def decode(self, files: Sequence[bytes]) -> NDArray[np.float32]:
        """Bytes of files -> x_hat, (N, rows, columns) in [0, 1], as `Autoencoder.decode` gives them.

        Raises BadInput (a ValueError) for bytes that are damaged, that another model has coded, or an archive.
        """
        payloads = [self._payload(data, k) for k, data in enumerate(files)]
        try:
            z = self._codec.decode(payloads)
        except ValueError as error:
            raise BadInput(f"the files hold a print that the model can't read ({error}); get them again") from error
        return self.autoencoder.decode(z).numpy()

    def _payload(self, data: bytes, k: int) -> bytes:
        file = RidgeFile(data, Path(f"files[{k}]"))
        if file.model != self._model:
            raise BadInput(
                f"{file.path} was coded by another model, whose SHA-256 begins with {file.model.hex()}, and this one's "
                f"begins with {self._model.hex()}; load the model that coded it"
            )
        if file.is_archive:
            raise BadInput(f"{file.path} is an archive of {len(file)} prints; give it to `ridgecode decode`")
        return file.payload(0)
