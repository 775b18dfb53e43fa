"""A print that the tests of all image codecs share."""

import numpy as np
import pytest

from ridgecode.prints.synthetic.impressions import impression
from ridgecode.prints.synthetic.masters import master_print


@pytest.fixture(scope="module")
def print_() -> np.ndarray:
    """A synthetic print of 96x90 pixels, uint8."""
    return np.ascontiguousarray(impression(master_print(3), 3)[:96])
