"""Evaluation of runs, image codecs and minutiae matchers: figures as JSON, Parquet and NumPy files."""
