"""Image codecs to compare with: classical ones, and linear ones fitted to prints."""
