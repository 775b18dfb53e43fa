"""Training windows: how they are cut, warped and paired."""
