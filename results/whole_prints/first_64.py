"""The first 64 validation prints, each with its reconstruction to its right: first_64.py STORE MODEL PNG"""

import sys

import numpy as np
from PIL import Image

from ridgecode import Autoencoder
from ridgecode.prints.store import PrintStore

store, name, out = sys.argv[1:]
prints_store = PrintStore.open(store)
prints = prints_store.prints(split="val")[:64]
model = Autoencoder.load(name)
pairs = np.concatenate([model.target(prints), model.decode(model.encode(prints))], axis=2)
framed = np.pad(pairs, ((0, 0), (1, 1), (2, 2)), constant_values=0.5)
rows = [np.concatenate(list(row), axis=1) for row in framed.reshape(8, 8, *framed.shape[1:])]
Image.fromarray(np.rint(np.concatenate(rows) * 255).astype(np.uint8)).save(out, optimize=True)
