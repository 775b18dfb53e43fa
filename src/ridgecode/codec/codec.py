"""Prints to bytes and back: a saved autoencoder with its codec.

prints --Autoencoder.encode--> z --LatentCodec.encode--> payloads --pack_print--> `.ridge` files of one print
x_hat <--Autoencoder.decode-- z <--LatentCodec.decode-- payloads <--RidgeFile-- `.ridge` files
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.autoencoders.autoencoder import Autoencoder, Kind
from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.codec.full_codec import FullCodec
from ridgecode.codec.latent_codec import latent_codec
from ridgecode.codec.ridge_file import HASH_BYTES, RidgeFile, pack_print
from ridgecode.errors import BadInput


class Codec:
    """Prints to the bytes of `.ridge` files of one print (docs/format.md), and back. Get one with `Codec.load`.

    autoencoder: the `Autoencoder` whose latent vectors are coded, ready for inference
    latent_codec: what rounds and codes its latent vectors
    model: the first bytes of the SHA-256 of the model's file, which stand in each `.ridge` file
    """

    def __init__(self, autoencoder: Autoencoder) -> None:
        """Raises BadInput for a model without a codec."""
        self.latent_codec = latent_codec(autoencoder.saved)
        self.model = bytes.fromhex(autoencoder.saved.sha256)[:HASH_BYTES]
        self.autoencoder = autoencoder.for_inference()

    @classmethod
    def load(cls, model: Path | str, device: str | torch.device = "cpu") -> "Codec | FullCodec":
        """Loads a pretrained model by its name, a run by its folder, or a model file, as `Autoencoder.load` does, and
        raises BadInput as it does, and for a model without a codec. A model of images of any size gives a `FullCodec`,
        whose images are a list, since each has a size of its own."""
        saved = load_autoencoder(model)
        return FullCodec(saved, device) if saved.spec.view == "full" else cls(Autoencoder(saved, device))

    def __repr__(self) -> str:
        return f"Codec({self.autoencoder!r})"

    def encode(self, x: Kind) -> list[bytes]:
        """Prints, as `Autoencoder` takes them -> the bytes of a file for each; one print (H, W) gives a list of one.

        Raises BadInput (a ValueError) for another shape or type, values beyond the range, or NaN.
        """
        view = self.autoencoder.view
        return [pack_print(self.model, view.height, view.width, payload) for payload in self.payloads(x)]

    def decode(self, files: Sequence[bytes]) -> NDArray[np.float32]:
        """Bytes of files -> x_hat, (N, rows, columns) in [0, 1], as `Autoencoder.decode` gives them.

        Raises BadInput (a ValueError) for bytes that are damaged, that another model has coded, or an archive, and for
        what is no list of bytes.
        """
        if isinstance(files, bytes | str) or not all(
            isinstance(data, bytes | bytearray | memoryview) for data in files
        ):
            raise BadInput("files must be a list of the bytes of files; give [data], or [path.read_bytes()]")
        payloads = [self._payload(data, k) for k, data in enumerate(files)]
        try:
            z = self.latent_codec.decode(payloads)
        except ValueError as error:
            raise BadInput(f"the files hold a print that the model can't read ({error}); get them again") from error
        return self.autoencoder.decode(z).numpy()

    def payloads(self, x: Kind) -> list[bytes]:
        """Prints, as `encode` takes them -> the code of each alone, without a file's header.

        Raises BadInput as `encode`, and for latent vectors beyond what the codec can code.
        """
        z: Tensor = torch.as_tensor(self.autoencoder.encode(x)).detach()
        try:
            return self.latent_codec.encode(z if z.ndim == 2 else z[None])
        except ValueError as error:
            raise BadInput(f"the prints can't be coded with this model ({error}); take another model") from error

    def _payload(self, data: bytes, k: int) -> bytes:
        file = RidgeFile(data, Path(f"files[{k}]"))
        if file.model != self.model:
            raise BadInput(
                f"{file.path} was coded by another model, whose SHA-256 begins with {file.model.hex()}, and this one's "
                f"begins with {self.model.hex()}; load the model that coded it"
            )
        if file.is_archive:
            raise BadInput(f"{file.path} is an archive of {len(file)} prints; give it to `ridgecode decode`")
        return file.payload(0)
