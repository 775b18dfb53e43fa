"""A context model as the tensors that lie in a model's file, its tables among them."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from ridgecode.codec.context_model import ContextModel
from ridgecode.codec.scales import SCALES
from ridgecode.codec.tables import fit_tables

CHUNK = 64


@torch.no_grad()
def context_tensors(context: ContextModel, z: Tensor) -> dict[str, Tensor]:
    """Everything that coding needs. z: (N, latent_dim) latent vectors of training prints, which the tables are fitted
    to."""
    training = context.training
    context.eval()
    present = context.present.bool().cpu().numpy()
    symbols, indices = [], []
    for part in z.split(CHUNK):
        coded = context(part)
        symbols.append(coded.symbols.cpu().numpy()[:, present].astype(np.int64).ravel())
        indices.append(coded.indices.round().clamp(0, SCALES - 1).cpu().numpy()[:, present].astype(np.int64).ravel())
    context.train(training)
    tables = fit_tables(np.concatenate(symbols), np.concatenate(indices))
    about = {
        "shape": torch.tensor(context.shape),
        "entries": context.entries.clone(),
        "tables": torch.from_numpy(tables),
    }
    return {**context.state_dict(), **about}


def has_context(tensors: Mapping[str, Tensor]) -> bool:
    """Whether the codec in a model's file is of this kind, not a factorised one (factorised_codec.py) or none."""
    return "entries" in tensors


def load_context(tensors: Mapping[str, Tensor]) -> ContextModel:
    """The context model of `context_tensors`. Raises KeyError, RuntimeError or ValueError for other tensors."""
    weights = {name: value for name, value in tensors.items() if name not in ("shape", "entries", "tables")}
    channels, rows, columns = (int(n) for n in tensors["shape"])
    hidden = tensors["passes.0.0.weight"].shape[0]
    context = ContextModel((channels, rows, columns), tensors["entries"], hidden)
    context.load_state_dict(weights)
    return context
