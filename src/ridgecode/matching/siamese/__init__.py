"""Siamese networks on images: one branch embeds both images, and a comparator scores the two embeddings."""
