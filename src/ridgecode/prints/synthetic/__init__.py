"""Synthetic prints: orientation field, ridges, impressions and alterations."""

from ridgecode.prints.synthetic.alterations import alter
from ridgecode.prints.synthetic.impressions import impression
from ridgecode.prints.synthetic.masters import Master, master_print
from ridgecode.prints.synthetic.synthesise import SynthesisReport, synthesise

__all__ = ["Master", "SynthesisReport", "alter", "impression", "master_print", "synthesise"]
