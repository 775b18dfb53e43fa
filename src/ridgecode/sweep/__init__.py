"""Sweeps on this machine: a sweep file, the trials it asks for, and the processes that carry them out."""
