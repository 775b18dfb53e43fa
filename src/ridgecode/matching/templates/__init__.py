"""Templates of stored size: embeddings as integers, and which prints are good enough to have one."""
