"""`ridgecode models`: the pretrained models, and models as other files."""
