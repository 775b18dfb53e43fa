"""Data sets: their readers, and `prepare`, which reads their images once into a prepared store."""
