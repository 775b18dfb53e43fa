"""The comparison lists that a head is validated on after each epoch."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.matching.comparisons import comparison_list
from ridgecode.matching.heads import Head, score_pairs
from ridgecode.matching.places.placement import placed_store
from ridgecode.matching.scored_lists import ScoredList, has_non_mated
from ridgecode.matching.systems import Encoder, protocols_of
from ridgecode.matching.templates.format import TemplateFormat
from ridgecode.matching.templates.head_templates import head_template_scores
from ridgecode.prints.store import PrintStore


class ValidationList(NamedTuple):
    """A protocol's comparison list with the latent vectors of its probes (P, latent_dim) and references
    (R, latent_dim), which do not change while the head is trained."""

    scored: ScoredList
    probes: NDArray[np.float32]
    references: NDArray[np.float32]

    def scores(self, head: Head, format: TemplateFormat | None) -> NDArray[np.float32]:
        """The scores of the list's comparisons, (C,), of templates as they are stored; of floats where format is
        None."""
        rows = self.scored.comparisons.probe_rows, self.scored.comparisons.reference_rows
        if format is not None:
            return head_template_scores(head, format, self.probes, self.references, *rows)
        return score_pairs(head, self.probes, self.references, *rows)


def check_protocols(store: PrintStore) -> None:
    """Raises BadInput where the store's validation subjects allow no mated or no non-mated comparison."""
    if not protocols_of(store):
        raise BadInput(
            f"--data {store.path} has one print a finger; a matcher needs altered prints or several impressions"
        )
    if not has_non_mated(store, "val"):
        raise BadInput(
            f"--data {store.path} has no two validation subjects of one data set, so no non-mated comparison to "
            "choose an epoch and the threshold on; give a store of more subjects"
        )


def validation_lists(stores: Sequence[PrintStore], encoder: Encoder, placed: bool) -> dict[str, ValidationList]:
    """The lists of each store's protocols, by name; they are those of `evaluate`, so that a threshold is the one that
    it finds. The first store's come first. A protocol that an earlier store has had is named after its store's folder
    too. Further stores without a comparison have no list.

    placed: whether prints that are not canonical are placed by their ridge area
    """
    lists: dict[str, ValidationList] = {}
    for number, store in enumerate(stores):
        if number and not has_non_mated(store, "val"):
            continue
        shown = placed_store(store) if placed else store
        for protocol in protocols_of(store):
            name = protocol if protocol not in lists else f"{protocol}_{store.path.resolve().name}"
            scored = ScoredList.of(shown, comparison_list(shown, "val", protocol))
            lists[name] = ValidationList(scored, encoder(scored.probes), encoder(scored.references))
    return lists
