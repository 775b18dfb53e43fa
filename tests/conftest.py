"""What every room's tests share: where the real prints lie, and a small synthetic data set."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder that holds SOCOFing/, FVC/ and orl_faces/; tests that ask for it are skipped where it is not given."""
    root = os.environ.get("RIDGECODE_REAL_DATA")
    if not root:
        pytest.skip(
            "set RIDGECODE_REAL_DATA to a folder with SOCOFing/, FVC/ and orl_faces/ to run tests on real prints"
        )
    return Path(root)


@pytest.fixture(scope="session")
def synthetic_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared store of 8 synthetic subjects: 5 train, 1 validation, 2 test; 10 fingers each, a Real print and its 9
    alterations a finger. Made once a session, in about 10 s on one core; read it only."""
    # Not at the top: tests of other rooms need no synthesis.
    from ridgecode.prints.prepare import prepare
    from ridgecode.prints.synthetic.synthesise import synthesise

    folder = tmp_path_factory.mktemp("synthetic")
    synthesise(8, 1, folder / "images", seed=0, progress=False)
    return prepare("synthetic", folder / "images", folder / "store", progress=False).path
