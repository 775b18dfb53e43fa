"""Fetches SOCOFing from Kaggle for a user who has an account there."""

from pathlib import Path

from ridgecode.errors import BadInput

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


def find_socofing(root: Path) -> Path:
    """The folder that holds Real/: `root`, or the nearest folder up to two levels below it.

    Kaggle's archive holds the data twice, in SOCOFing/ and socofing/SOCOFing/. The copy nearest to `root` is taken; of
    two that are equally near, the first by name. Raises BadInput where there is none.
    """
    nearby = [root]
    for _ in range(3):
        for folder in nearby:
            if (folder / "Real").is_dir():
                return folder
        nearby = [child for folder in nearby for child in sorted(folder.iterdir()) if child.is_dir()]
    raise BadInput(f"{root}, which was downloaded, holds no folder Real: fetch {KAGGLE_SLUG} by hand and give --root")
