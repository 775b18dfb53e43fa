"""The split of prints into training, validation and test by their subjects, so that no subject is in two of them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.prints.labels import parse_subjects
from ridgecode.prints.sets import set_of_finger

SPLITS = ("train", "val", "test")

# The last subjects of SOCOFing's training and validation splits; all higher numbers are in the test split.
_SOCOFING_LAST_TRAIN = 400
_SOCOFING_LAST_VAL = 480


def split_of(
    source: str, subjects: np.ndarray, seed: int = 0, numbers: Mapping[str, Mapping[str, str]] | None = None
) -> np.ndarray:
    """The split of each print by its subject: (N,) subjects, str, -> (N,) of "train", "val", "test".

    SOCOFing: train 1-400, val 401-480, test 481-600, of the subjects that are there. Other sources: 70 %, 10 % and 20 %
    of their subjects, permuted by `seed`; of "impressions" those of each set by themselves. Three subjects or more give
    each split one at least; two give train and test, one gives train.

    numbers: of "impressions", the numbers of a set's subjects in each split, such as
    {"FCJ2020": {"train": "101-124", "val": "125-130"}}; subjects of that set whose number is not there are of "test".
    Raises BadInput for a SOCOFing subject that is no number.
    """
    subjects = np.asarray(subjects, dtype=str)
    if source == "socofing":
        try:
            own_numbers = subjects.astype(np.int64)
        except ValueError as error:
            raise BadInput(f"a subject of the SOCOFing store is no number: prepare it again ({error})") from error
        splits = np.searchsorted([_SOCOFING_LAST_TRAIN, _SOCOFING_LAST_VAL], own_numbers)
        return np.array(SPLITS)[splits]
    if source != "impressions":
        return _by_seed(subjects, seed)
    sets = np.array([set_of_finger(subject) for subject in subjects.tolist()], dtype=str)
    split = np.full(len(subjects), "train", dtype="<U5")
    for name in np.unique(sets).tolist():
        of_set, by_number = subjects[sets == name], (numbers or {}).get(name)
        split[sets == name] = _by_number(of_set, by_number) if by_number else _by_seed(of_set, seed)
    return split


def _by_number(subjects: NDArray[np.str_], numbers: Mapping[str, str]) -> NDArray[np.str_]:
    split_of_number = {number: name for name, text in numbers.items() for number in parse_subjects(text) or ()}
    own = (int(subject.rpartition("/")[2]) for subject in subjects.tolist())
    return np.array([split_of_number.get(number, "test") for number in own], dtype="<U5")


def _by_seed(subjects: NDArray[np.str_], seed: int) -> NDArray[np.str_]:
    distinct, subject_of = np.unique(subjects, return_inverse=True)
    n = len(distinct)
    n_test = max(1, round(0.2 * n)) if n >= 2 else 0
    n_val = max(1, round(0.1 * n)) if n >= 3 else 0
    order = np.random.default_rng(seed).permutation(n)
    split_of_subject = np.full(n, "train", dtype="<U5")
    split_of_subject[order[:n_test]] = "test"
    split_of_subject[order[n_test : n_test + n_val]] = "val"
    return split_of_subject[subject_of]
