"""Images in: readers, canonical form, splits, views, movement, synthetic prints and the prepared store."""
