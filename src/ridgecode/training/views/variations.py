"""How far views that a matcher is trained on differ from their prints."""

from ridgecode.prints.canonical import PRINT_SHAPE
from ridgecode.prints.varied_views import Variation

OF_REAL_PRINTS = Variation(rotation_deg=30.0, shift_px=18.0, cover_share=0.45)
"""Of data sets of Real prints alone: all that tells two impressions of a finger apart must come from the views."""
OF_ALTERED_PRINTS = Variation(
    rotation_deg=25.0, shift_px=12.0, cover_share=0.15, press_share=0.25, grain_share=0.2, window=PRINT_SHAPE
)
"""Of data sets with altered prints, which lack a part already. With as much as above, a network that is trained for an
hour spends it on views that no probe resembles (docs/ridge.md)."""
