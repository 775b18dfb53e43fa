"""Synthetic prints: orientation field, ridges, impressions and alterations."""
