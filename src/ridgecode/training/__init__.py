"""Training of autoencoders, heads and Siamese systems with Lightning. No other room imports Lightning."""
