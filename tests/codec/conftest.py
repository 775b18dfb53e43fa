"""Context models, which the tests of their training and of their coding share."""

import pytest
import torch

from ridgecode.codec.context_model import ContextModel
from support.context_models import context_model


@pytest.fixture(params=["all", "some"])
def context(request: pytest.FixtureRequest) -> ContextModel:
    """Of a full latent map, and of one that lacks some places."""
    entries = torch.arange(180) if request.param == "all" else torch.arange(180)[torch.arange(180) % 7 != 3]
    return context_model(entries)
