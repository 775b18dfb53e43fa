"""A bank of encoded views: latent vectors of varied views of each finger, encoded ahead and renewed as steps go by.

fingers --draw, vary--> views --encoder--> latent vectors --> bank: finger x slot --two slots a finger--> batch

Encoding a view takes longer than a head's step on it, so a view is used several times before another one takes its
slot. A head that always saw the same views would learn them by heart. The number of a step decides which views are in
the bank at that step, so that a resumed run sees the same ones.
"""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.codec.context_codec import has_context
from ridgecode.codec.latent_codec import latent_codec
from ridgecode.files import whole_file
from ridgecode.runs.memory import check_memory, free_memory
from ridgecode.runs.progress import with_progress
from ridgecode.training.views.finger_views import FingerSet
from ridgecode.training.views.shared_batches import StoreShares
from ridgecode.training.views.teacher import Teacher

FIRST_VIEWS = 2
"""Views of each finger that are made before the first step. The other slots are filled by the first renewals."""
_LEAST_STD = 1e-6
_KEY = "ridgecode.view_bank"


class BankPairs(NamedTuple):
    """Two views of each of B fingers of one data set. first, second: (B, latent_dim) float32 latent vectors; fingers:
    int64 (B,), numbers within that set; taught: (2 B, D), the teacher's embeddings of the first views and of the second
    ones, D is 0 without a teacher."""

    first: Tensor
    second: Tensor
    fingers: Tensor
    taught: Tensor


class ViewEncoder:
    """Encodes varied views as a matcher encodes prints: rounded to what coded bytes decode to, where the model has a
    context model.

    half: whether the encoder computes in bf16. That changes a latent vector of the pretrained models by 1 to 5 % of a
    standard deviation.
    """

    def __init__(self, autoencoder: Autoencoder, half: bool) -> None:
        self.autoencoder, self.half = autoencoder.for_inference(), half
        saved = autoencoder.saved
        self._codec = latent_codec(saved) if has_context(saved.codec) else None
        view = autoencoder.view
        self.side = view.print_shape or (view.height, view.width)
        """Rows and columns of the views that `__call__` takes."""

    def __call__(self, views: Tensor) -> Tensor:
        """(N, *side) in [0, 1] -> (N, latent_dim) float32, on the CPU."""
        model = self.autoencoder
        windows = model.view.take(views)[:, None].to(model.device).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode(), torch.autocast(model.device.type, torch.bfloat16, enabled=self.half):
            z = model.net.encode(windows)
        z = z.float().cpu()
        return z if self._codec is None else self._codec.round(z)


class ViewBank:
    """Encoded views of the fingers of several data sets.

    sets: of which each step takes one; shares: which
    slots: views of each finger that are kept; renewals: views that are made at each step
    key: what else the views depend on, such as the digests of stores and the model; a file of another key is not taken
    teacher: whose embedding of each view is kept beside its latent vector; None for none

    Views are made in chunks of `renewals`, each by a random generator of its own. In each data set chunk after chunk
    fills the slots of all fingers in turn, slot 0 first, and after the last slot begins again. Before the first step
    the chunks of the first two slots are there, and each step adds one to its set.

    Raises BadInput where the memory does not suffice.
    """

    def __init__(
        self,
        sets: list[FingerSet],
        shares: StoreShares,
        encoder: ViewEncoder,
        slots: int,
        renewals: int,
        seed: int,
        key: str,
        teacher: Teacher | None = None,
    ) -> None:
        self.sets, self.shares, self.encoder, self.teacher = sets, shares, encoder, teacher
        self.slots, self.renewals, self.seed = slots, renewals, seed
        self.key = f"{key} slots={slots} renewals={renewals} seed={seed} half={encoder.half}"
        self.key += f" teacher={teacher.sha256}" if teacher else ""
        model = encoder.autoencoder
        n_fingers, dims = sum(len(one) for one in sets), model.latent_dim
        way_out = "give a smaller --bank_views or fewer fingers"
        taught = teacher.dims if teacher else 0
        check_memory(
            2 * n_fingers * slots * (dims + taught), f"a bank of {slots} views a finger", way_out, free_memory()
        )
        self._mean, self._std = model.latent_mean.cpu(), model.latent_std.cpu().clamp_min(_LEAST_STD)
        self._starts = np.cumsum([0, *(len(one) for one in sets)])
        self._z = np.zeros((n_fingers, slots, dims), np.float16)
        self._taught = np.zeros((n_fingers, slots, taught), np.float16)
        self._shown = np.zeros((n_fingers, slots), np.int16)
        self._first = np.array([-(-len(one) * FIRST_VIEWS // renewals) for one in sets])
        # Chunks that have been made of each set, and what the file on disk holds of them.
        self._made = np.zeros(len(sets), np.int64)
        self._saved = self._made.copy()

    def advance(self, step: int) -> None:
        """Brings the bank to its state at `step`: as if each step before, and this one, had added its chunk."""
        wanted = self._first + self.shares.before(step + 1)
        if (wanted < self._made).any():
            self._made[:] = 0
        chunks = []
        for place, (have, want) in enumerate(zip(self._made, wanted, strict=True)):
            # Earlier chunks are overwritten by later ones. One turn more, since each turn has another order of fingers.
            lasting = -(-len(self.sets[place]) * (self.slots + 1) // self.renewals)
            chunks += [(place, chunk) for chunk in range(max(have, want - lasting), want)]
        work = with_progress(chunks, "Encoding views", len(chunks)) if len(chunks) > 2 * len(self.sets) else chunks
        for place, chunk in work:
            self._make(place, chunk)
        self._made = wanted

    def pairs(self, step: int, batch_size: int, noise: float) -> BankPairs:
        """The batch of a step, of the bank as `advance` has left it for that step.

        batch_size: fingers at most; noise: in standard deviations of each latent dim, added to every view. Where a
        finger has several impressions in the bank, its two views show different ones.
        """
        place = self.shares.at(step)
        start, n = self._starts[place], len(self.sets[place])
        random = np.random.default_rng((self.seed, 1, step))
        fingers = random.choice(n, min(batch_size, n), replace=False)
        filled = int(min(self.slots, self._made[place] * self.renewals // n))
        first = random.integers(filled, size=len(fingers))
        shown = self._shown[start + fingers, :filled]
        # Ranks: 2 and more for a slot of another impression, 1 and more for another slot, 0 for the first one itself.
        rank = random.random((len(fingers), filled)) + 1
        rank += shown != np.take_along_axis(shown, first[:, None], 1)
        np.put_along_axis(rank, first[:, None], 0, 1)
        slots = np.stack((first, rank.argmax(1)))
        z = torch.from_numpy(self._z[start + fingers, slots]).float()
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        z += noise * torch.randn(z.shape, generator=generator)
        z = z * self._std + self._mean
        taught = torch.from_numpy(self._taught[start + fingers, slots]).float().flatten(0, 1)
        return BankPairs(z[0], z[1], torch.from_numpy(fingers), taught)

    def save_if_changed(self, file: Path) -> None:
        """Writes the bank whole, where a quarter of its views is not in the file yet."""
        new = (self._made - self._saved) * self.renewals
        if 4 * new.sum() < self._z.shape[0] * self.slots:
            return
        facts = {"key": self.key, "made": self._made.tolist()}
        with whole_file(file) as temporary:
            kept = {"z": self._z, "shown": self._shown, "taught": self._taught}
            tensors = {name: torch.from_numpy(one) for name, one in kept.items()}
            save_file(tensors, temporary, metadata={_KEY: json.dumps(facts)})
        self._saved = self._made.copy()

    def load(self, file: Path, step: int) -> None:
        """Takes the views of a file that `save_if_changed` wrote, where it is of this bank at `step` or before. Leaves
        the bank as it is otherwise, and where it holds views already; `advance` then makes what is missing."""
        if self._made.any():
            return
        try:
            with safe_open(file, framework="np") as content:
                facts = json.loads((content.metadata() or {}).get(_KEY, "{}"))
                made = np.array(facts.get("made", []), dtype=np.int64)
                fits = facts.get("key") == self.key and len(made) == len(self.sets)
                if fits and (made <= self._first + self.shares.before(step + 1)).all():
                    self._z, self._shown, self._taught = (content.get_tensor(name) for name in ("z", "shown", "taught"))
                    self._made, self._saved = made, made.copy()
        except (SafetensorError, OSError, ValueError):
            return

    def _make(self, place: int, chunk: int) -> None:
        of_set, n = self.sets[place], len(self.sets[place])
        number = chunk * self.renewals + np.arange(self.renewals)
        turns = number // n
        fingers = np.empty(self.renewals, np.int64)
        for turn in np.unique(turns):
            order = np.random.default_rng((self.seed, 2, place, turn)).permutation(n)
            fingers[turns == turn] = order[number[turns == turn] % n]
        random = np.random.default_rng((self.seed, 3, place, chunk))
        views, shown = of_set.views(fingers, random, self.encoder.side)
        z = (self.encoder(views) - self._mean) / self._std
        where = self._starts[place] + fingers, turns % self.slots
        self._z[where] = z.clamp_(-60_000, 60_000).half().numpy()
        self._shown[where] = shown
        if self.teacher is not None:
            self._taught[where] = self.teacher(views).half().numpy()
