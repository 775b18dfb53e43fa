"""Fetches SOCOFing from Kaggle for a user who has an account there."""

from pathlib import Path

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.socofing import find_socofing

KAGGLE_SLUG = "ruizgara/socofing"


def download_socofing() -> Path:
    """Downloads SOCOFing (about 840 MB, kept in kagglehub's cache) and returns the folder that holds Real/.

    SOCOFing is for non-commercial research only; cite arXiv 1807.10609. Raises BadInput where kagglehub is not
    installed, or the download fails, as it does without an account or a network.
    """
    try:
        import kagglehub
    except ImportError as error:
        raise BadInput(
            "--download needs kagglehub: pip install 'ridgecode[download]', or unpack SOCOFing and give --root"
        ) from error
    try:
        folder = Path(kagglehub.dataset_download(KAGGLE_SLUG))
    except Exception as error:  # of any kind: kagglehub passes on what requests, its cache and Kaggle's client raise
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise BadInput(
            f"SOCOFing can't be downloaded ({first_line}): check the network and the Kaggle account (kaggle.json), "
            f"or fetch {KAGGLE_SLUG} from kaggle.com and give --root"
        ) from error
    return find_socofing(folder)
