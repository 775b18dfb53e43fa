"""What every room's tests share: where the real prints lie, and a small synthetic data set."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder that holds SOCOFing/, FVC/ and orl_faces/; tests that ask for it are skipped where it is not given."""
    root = os.environ.get("RIDGECODE_REAL_DATA")
    if not root:
        pytest.skip("set RIDGECODE_REAL_DATA to a folder with SOCOFing/, FVC/ and orl_faces/ to run tests on real prints")
    return Path(root)
