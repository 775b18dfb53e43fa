"""Siamese networks on images: one branch embeds both images, a comparator scores the two embeddings."""
