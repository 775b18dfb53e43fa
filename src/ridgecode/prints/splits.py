"""The split of prints into training, validation and test by their subjects, so that no subject is in two of them."""

import numpy as np

from ridgecode.errors import BadInput

SPLITS = ("train", "val", "test")

# The last subjects of SOCOFing's training and validation splits; all higher numbers are in the test split.
_SOCOFING_LAST_TRAIN = 400
_SOCOFING_LAST_VAL = 480


def split_of(source: str, subjects: np.ndarray, seed: int = 0) -> np.ndarray:
    """The split of each print by its subject: (N,) subjects, str, -> (N,) of "train", "val", "test".

    SOCOFing: train 1-400, val 401-480, test 481-600, of the subjects that are there. Other sources: 70 %, 10 % and 20 %
    of their subjects, permuted by `seed`. Three subjects or more give each split one at least; two give train and test,
    one gives train.
    Raises BadInput for a SOCOFing subject that is no number.
    """
    subjects = np.asarray(subjects, dtype=str)
    if source == "socofing":
        try:
            numbers = subjects.astype(np.int64)
        except ValueError as error:
            raise BadInput(f"a subject of the SOCOFing store is no number: prepare it again ({error})") from error
        splits = np.searchsorted([_SOCOFING_LAST_TRAIN, _SOCOFING_LAST_VAL], numbers)
        return np.array(SPLITS)[splits]
    distinct, subject_of = np.unique(subjects, return_inverse=True)
    n = len(distinct)
    n_test = max(1, round(0.2 * n)) if n >= 2 else 0
    n_val = max(1, round(0.1 * n)) if n >= 3 else 0
    order = np.random.default_rng(seed).permutation(n)
    split_of_subject = np.full(n, "train", dtype="<U5")
    split_of_subject[order[:n_test]] = "test"
    split_of_subject[order[n_test : n_test + n_val]] = "val"
    return split_of_subject[subject_of]
