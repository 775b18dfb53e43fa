"""Figures: numbers to pictures, nothing else."""
