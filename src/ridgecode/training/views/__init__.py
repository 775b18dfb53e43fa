"""Views of fingers for training: which stores and fingers a step takes, and the bank of encoded views."""
