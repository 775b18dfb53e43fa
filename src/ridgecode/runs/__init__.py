"""What every room may need of a run: its folder, the tracker that shows it, progress bars, threads."""
