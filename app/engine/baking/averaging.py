"""Tensors that are scaled sums of stored ones: added up in float32, some rows at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from app.engine.baking.quantising import dequantised, quantise
from app.engine.native import Aborted
from app.model_files.baking import Averaged

_CHUNK_ITEMS = 1 << 20


def average(tensor: Averaged, n_threads: int, should_stop: Callable[[], bool]) -> bytearray:
    """The tensor's bytes. Beside them it takes some 10 MiB a thread, however large they are.

    Raises Aborted when asked to stop, ModelFileError.
    """
    data = bytearray(tensor.n_bytes)
    out = np.frombuffer(data, np.uint8)
    n_rows = max(1, _CHUNK_ITEMS // tensor.n_columns)
    row_bytes = tensor.n_bytes // tensor.n_rows

    def fill(first: int) -> None:
        if should_stop():
            raise Aborted
        last = min(first + n_rows, tensor.n_rows)
        rows = np.zeros((last - first, tensor.n_columns), np.float32)
        for addend in tensor.addends:
            data = addend.read(first * tensor.n_columns, last * tensor.n_columns)
            values = dequantised(addend.type_name, np.frombuffer(data, np.uint8)).reshape(
                rows.shape
            )
            rows += np.float32(addend.share) * values
        quantise(tensor.type_name, rows, out[first * row_bytes : last * row_bytes])

    with ThreadPoolExecutor(n_threads, "averaging") as pool:
        for _ in pool.map(fill, range(0, tensor.n_rows, n_rows)):
            pass
    return data
