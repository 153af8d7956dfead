"""What an open plan takes, told by making its view and context without weights and buffers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from app.engine.messages import EstimateMemory
from app.engine.open_plan import OpenPlan
from app.engine.process_memory import give_back_free, huge_page_bytes, rss_bytes
from app.engine.replies.sampling import Sampler
from app.engine.weights import WeightLayers, Weights
from app.memory.figures import MemoryEstimate
from app.model_files.model_file import ModelFile

_DECODING_CODE_BYTES = 800 << 10
"""Pages of the native libraries that only a decode touches (812 KiB in smaps, most of ggml-cpu)."""

_USED_OF_HUGE_PAGES_BYTES = 512 << 10
"""What lies in the two partly used huge pages and is counted already: over 96 plans and settings
it was 1.1 MiB at least (`make bench`), here half of that is relied on."""


class DryRun:
    """Estimates for this process, or another one that opens a plan, on the files last asked for."""

    def __init__(self, should_stop: Callable[[], bool]) -> None:
        self._should_stop = should_stop
        self._weights = Weights(dry=True)
        self._models: Sequence[ModelFile] = ()
        self._process_bytes = 0

    def estimate(self, request: EstimateMemory) -> MemoryEstimate:
        """What opening the recipe and decoding whole batches takes.

        What no context tells of is measured: this process holds it too. Huge pages are off here,
        so that it is told to the page. With them the scheduler's records, where a plan runs, end
        in one of which next to nothing is used, and so may the heap.
        """
        weights = self._weights.get(request.model_paths, request.recipe, lambda _: True)
        models = self._weights.read(request.model_paths)
        if models != self._models:
            self._open(weights, request).close()
            give_back_free()
            self._models, self._process_bytes = models, rss_bytes()
        give_back_free()
        before_bytes = rss_bytes()
        dry = self._open(weights, request)
        try:
            main, *devices = dry.context.memory()
            unheld_bytes = dry.context.unheld_bytes() + Sampler.bytes(dry.vocabulary.n_tokens)
            records_bytes = max(0, rss_bytes() - before_bytes)
        finally:
            dry.close()
        return MemoryEstimate(
            weights_bytes=main.weights_bytes,
            kv_bytes=main.kv_bytes,
            compute_bytes=main.compute_bytes + unheld_bytes + records_bytes,
            process_bytes=self._process_bytes + _DECODING_CODE_BYTES + _idle_bytes(),
            mapped_bytes=main.mappable_bytes if request.settings.use_mmap else 0,
            devices=tuple(devices),
        )

    def close(self) -> None:
        """Frees what is held of the files."""
        self._weights.close()
        self._models = ()

    def _open(self, weights: WeightLayers, request: EstimateMemory) -> OpenPlan:
        # The library counts the graph of tokens before the last ones by the batch alone, though a
        # smaller physical batch has it too; nothing else that is counted depends on the batch.
        settings = replace(request.settings, n_batch=request.settings.n_at_once)
        return OpenPlan(weights, request.recipe, settings, self._should_stop)


def _idle_bytes() -> int:
    """What a running plan holds at most of huge pages without using it."""
    return max(0, 2 * huge_page_bytes() - _USED_OF_HUGE_PAGES_BYTES)
