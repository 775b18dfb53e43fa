"""The protocols that --protocols names."""

from ridgecode.errors import BadInput
from ridgecode.matching.protocols import PROTOCOLS
from ridgecode.matching.scored_lists import has_non_mated
from ridgecode.prints.store import PrintStore


def protocols_wanted(text: str, store: PrintStore, split: str, auto: list[str]) -> list[str]:
    """The protocols that the flag's `text` names. "auto" stands for those in `auto`, or for none if the split has one
    subject. Raises BadInput for unknown names."""
    if text == "none":
        return []
    if text == "auto":
        # One subject gives no non-mated comparison, but reconstruction can still be measured.
        return auto if has_non_mated(store, split) else []
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    for name in wanted:
        if name == "reconstruction":
            raise BadInput(
                "--protocol reconstruction is for a minutiae matcher; give it to ridgecode evaluate-minutiae"
            )
        if name not in PROTOCOLS:
            raise BadInput(f"--protocols {name} is unknown; give auto, none, or some of {', '.join(PROTOCOLS)}")
    return wanted
