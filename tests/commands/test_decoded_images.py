"""Names of decoded prints on systems with other rules for names than Linux."""

from pathlib import Path

import pytest

from ridgecode.commands.decoded_images import check_names
from ridgecode.errors import BadInput

ORIGIN = Path("x.ridge")


@pytest.mark.parametrize(
    "name", ["a:b", "con", "s1/NUL.1", "LPT1", "end.", "s1 /a", "what?", 'a"b', "a\nb", "a|b", "<a>"]
)
def test_names_that_windows_has_no_files_of(name: str) -> None:
    check_names([name], ORIGIN, "rename it", "linux")
    with pytest.raises(BadInput, match="can't be a file name"):
        check_names([name], ORIGIN, "rename it", "win32")


@pytest.mark.parametrize("name", ["s1/1__M_Left_index", "console", "é", ".hidden", "a.b"])
def test_names_that_every_system_has(name: str) -> None:
    check_names([name], ORIGIN, "rename it", "win32")


@pytest.mark.parametrize(("system", "clash"), [("linux", False), ("win32", True), ("darwin", True)])
def test_names_that_differ_in_case_alone(system: str, clash: bool) -> None:
    if not clash:
        check_names(["s1/A", "s1/a"], ORIGIN, "rename one", system)
        return
    with pytest.raises(BadInput, match="two prints"):
        check_names(["s1/A", "s1/a"], ORIGIN, "rename one", system)
