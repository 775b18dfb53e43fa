"""What a shipped matcher's file states beside what a run's file does."""

from typing import Any, NamedTuple


class ShippedAbout(NamedTuple):
    """name: of the matcher; protocol: of the comparisons that its threshold was chosen on; autoencoder: of a head, the
    name of the pretrained model whose latent vectors it reads, which is not stored a second time; "" of an image
    network. The SHA-256 of that model's file is among the head's facts."""

    name: str
    protocol: str
    autoencoder: str = ""

    @classmethod
    def of_header(cls, about: dict[str, Any]) -> "ShippedAbout | None":
        """What the header of a matcher's file states, as JSON; None of a run's own file. Raises KeyError or TypeError
        for other contents."""
        stated = about.get("shipped")
        return None if stated is None else cls(stated["name"], stated["protocol"], stated["autoencoder"])
