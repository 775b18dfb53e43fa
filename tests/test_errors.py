"""Which errors say that memory is used up."""

import errno

import numpy as np
import pytest
import torch

from ridgecode.errors import BadInput, is_out_of_memory


def of_torch() -> None:
    torch.empty(2**60, dtype=torch.uint8)


def of_numpy() -> None:
    np.zeros(2**60, np.uint8)


def of_pyarrow() -> None:
    pa = pytest.importorskip("pyarrow")
    pa.allocate_buffer(2**60)


def of_python() -> None:
    bytearray(2**60)


@pytest.mark.parametrize("ask", [of_torch, of_numpy, of_pyarrow, of_python])
def test_each_library_that_has_no_memory(ask: object) -> None:
    with pytest.raises(Exception) as found:
        ask()  # type: ignore[operator]
    assert is_out_of_memory(found.value), repr(found.value)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 1 GiB"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("unable to mmap 1024 bytes from file <x>: Cannot allocate memory (12)"),
        ImportError("libx.so: failed to map segment from shared object"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_errors_that_can_t_be_made_here(error: Exception) -> None:
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error", [BadInput("the memory of it"), RuntimeError("shape mismatch"), OSError(errno.ENOSPC, "No space left")]
)
def test_other_errors(error: Exception) -> None:
    assert not is_out_of_memory(error)
