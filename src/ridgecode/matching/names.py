"""The names that a matcher's settings take. A file of its own, since a command line needs them without torch."""

from typing import Literal

Comparator = Literal["l1", "subtract", "euclidean", "cosine"]
LossName = Literal["infonce", "bce", "contrastive", "triplet"]
HeadName = Literal["auto", "places", "mlp"]
PairsName = Literal["auto", "random", "mined"]
SystemName = Literal["subtract", "subtract-conv", "stripes", "contrastive", "l1", "ridge"]
RecipeName = Literal["ours", "published"]
SourceName = Literal["auto", "socofing", "folder", "stripes"]
MatcherName = Literal["orb", "bozorth3"]
