"""Lists the files of the FVC sets (FVC2000 to FVC2006), with their labels and resolutions."""

import re
from pathlib import Path

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.listing import Listing, PrintFile
from ridgecode.prints.images import is_image
from ridgecode.prints.labels import PrintLabel

_NAME = re.compile(r"([0-9]+)_([0-9]+)")

# Pixels per inch by year and number of the set, where they are not 500. Source: Maltoni et al., Handbook of Fingerprint
# Recognition, on the FVC competitions.
_PPI = {("2002", "2"): 569.0, ("2004", "3"): 512.0, ("2006", "1"): 250.0, ("2006", "2"): 569.0}


def fvc_ppi(folder: Path) -> float:
    """Pixels per inch of a set by the name of its folder, FVC2002_DB2_B or FVC2002/DB2_B; 500 for unknown names."""
    match = re.search(r"FVC(20[0-9]{2}).*DB([1-4])", "/".join(folder.resolve().parts[-3:]), re.IGNORECASE)
    return _PPI.get((match[1], match[2]), 500.0) if match else 500.0


def list_fvc(root: Path) -> Listing:
    """The prints `101_1.tif` (finger 101, impression 1) of one set's folder, or of a folder that holds several.

    Either way the names in the listing start with the set's folder: `FVC2002_DB1_B/101_1`. Each finger is a subject of
    its own, since FVC does not say which fingers belong to one person. Sorted by set, finger and impression. Raises
    BadInput where there is no folder or no image.
    """
    if not root.is_dir():
        raise BadInput(
            f"{root} is no folder: give --root a set's folder such as FVC2002_DB1_B, or one that holds several"
        )
    sets = [root, *sorted(child for child in root.iterdir() if child.is_dir())]
    files: list[PrintFile] = []
    bad: list[tuple[Path, str]] = []
    for folder in sets:
        for path in sorted(path for path in folder.iterdir() if is_image(path)):
            match = _NAME.fullmatch(path.stem)
            if match is None:
                bad.append((path, f"{path.name} is no FVC name such as 101_1.tif"))
                continue
            files.append(PrintFile(path, _label(folder.resolve().name, int(match[1]), int(match[2]))))
    if not files and not bad:
        raise BadInput(
            f"{root} holds no image: give --root a set's folder such as FVC2002_DB1_B, or one that holds several"
        )
    files.sort(key=lambda file: (file.label.name.split("/")[0], *map(int, file.label.name.split("/")[1].split("_"))))
    return Listing(files, bad)


def _label(set_name: str, finger: int, impression: int) -> PrintLabel:
    finger_id = f"{set_name}/{finger}"
    return PrintLabel(
        name=f"{finger_id}_{impression}",
        subject=finger_id,
        sex="",
        hand="",
        finger="",
        finger_id=finger_id,
        impression=impression,
        level="Real",
        alteration="",
    )
