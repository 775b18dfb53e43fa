"""The table of a network's layers against the write-up's figures."""

from ridgecode.matching.siamese.summary import layer_table, summary
from ridgecode.matching.siamese.systems import build_siamese, siamese_spec


def test_the_table_of_l1_has_the_published_shapes_and_parameters() -> None:
    spec = siamese_spec("l1", "published", (97, 90))
    net = build_siamese(spec)
    rows = layer_table(net, spec)
    sides = [row.shape[-1] for row in rows if len(row.shape) == 3 and "ReLU" not in row.layer]
    assert sides == [91, 46, 40, 20, 17, 9, 6]
    assert (9216,) in [row.shape for row in rows] and (4096,) in [row.shape for row in rows]
    assert "38,964,545" in summary(net, spec)
