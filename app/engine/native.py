"""The native library: its loading, our C API over it, and its status codes as exceptions.

Everything here runs in the engine process. Objects free what they hold when closed; a base lives
on until the last view over it is closed.
"""

from __future__ import annotations

import ctypes
import os
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from app.memory.context_settings import ContextSettings
from app.memory.figures import DeviceMemory
from app.memory.kv_types import KvType
from app.plan.recipe import Recipe, RecipeWeight

__all__ = [
    "Aborted",
    "Base",
    "Context",
    "NativeError",
    "View",
    "default_n_threads",
    "is_supported",
    "keep_log",
    "llama",
]

LIBRARY_DIR = Path(__file__).parents[2] / "build" / "native" / "lib"
os.environ.setdefault("LLAMA_CPP_LIB_PATH", str(LIBRARY_DIR))

import llama_cpp.llama_cpp as llama  # noqa: E402 (it reads the path above)


class NativeError(Exception):
    """The native library refused; the message says why."""


class Aborted(Exception):
    """The abort callback, or the load's progress callback, asked to stop."""


_P = ctypes.c_void_p
_I = ctypes.c_int32


class _Memory(ctypes.Structure):
    _fields_ = [
        ("device", ctypes.c_char * 64),
        ("weights", ctypes.c_size_t),
        ("mappable", ctypes.c_size_t),
        ("kv", ctypes.c_size_t),
        ("compute", ctypes.c_size_t),
    ]


class _WeightLayer(ctypes.Structure):
    _fields_ = [("base", _I), ("layer", _I)]


def _declare(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
    function = getattr(llama._lib, name)
    function.restype = result
    function.argtypes = arguments
    return function  # type: ignore[no-any-return]


_last_error = _declare("llama_blocks_last_error", ctypes.c_char_p)
_arch_support = _declare("llama_blocks_arch_support", ctypes.c_int, ctypes.c_char_p)
_plan_init = _declare("llama_blocks_plan_init", _P)
_plan_free = _declare("llama_blocks_plan_free", None, _P)
_plan_add_weights = _declare("llama_blocks_plan_add_weights", _I, _P, _I, _I, _I)
_plan_add_merge = _declare(
    "llama_blocks_plan_add_merge",
    *(_I, _P, ctypes.POINTER(_I), ctypes.POINTER(ctypes.c_float), _I),
)
_base_load = _declare(
    "llama_blocks_base_load",
    *(_P, ctypes.c_char_p, llama.llama_model_params, ctypes.POINTER(_I), _I, ctypes.c_bool),
)
_base_model = _declare("llama_blocks_base_model", _P, _P)
_base_keep = _declare("llama_blocks_base_keep", ctypes.c_int64, _P, ctypes.POINTER(_I), _I)
_base_free = _declare("llama_blocks_base_free", None, _P)
_view_init = _declare(
    "llama_blocks_view_init",
    *(_P, ctypes.POINTER(_P), _I, ctypes.POINTER(_WeightLayer), _I, _P),
)
_view_set_scale = _declare("llama_blocks_view_set_scale", _I, _P, _I, _I, ctypes.c_float)
_context_memory = _declare("llama_blocks_context_memory", _I, _P, ctypes.POINTER(_Memory), _I)
_context_unheld = _declare("llama_blocks_context_unheld", ctypes.c_int64, _P)
_context_commit = _declare("llama_blocks_context_commit", _I, _P)


def _reason() -> str:
    return str(_last_error().decode(errors="replace"))


def is_supported(architecture: str) -> bool:
    """Whether plans run on models of this GGUF architecture."""
    return bool(_arch_support(architecture.encode()))


_errors_logged: deque[str] = deque(maxlen=8)
_LOG_LEVEL_DEBUG, _LOG_LEVEL_ERROR = 1, 4
_NO_MEMORY = ("insufficient memory", "allocate", "bad_alloc")
_log_callback: Any = None
"""Kept here, since the library goes on calling it."""


def keep_log(on_line: Callable[[str], None]) -> None:
    """Sends the library's log lines to `on_line`, from whatever thread writes them; not those of
    the debug level, of which each context writes more than a thousand."""
    global _log_callback

    def on_log(level: int, text: bytes, _data: Any) -> None:
        if level == _LOG_LEVEL_DEBUG:
            return
        line = text.decode(errors="replace").rstrip("\n")
        if level == _LOG_LEVEL_ERROR:
            _errors_logged.append(line)
        on_line(line)

    callback = llama.llama_log_callback(on_log)
    llama.llama_log_set(callback, None)
    _log_callback = callback


def _with_logged(message: str) -> str:
    """The message with what the library said first of the error, without its function names, and
    what to do where memory was refused."""
    reason = _errors_logged[0].split(": ", 1)[-1] if _errors_logged else ""
    if any(words in line for line in _errors_logged for words in _NO_MEMORY):
        return (
            f"There is not enough memory: {message} ({reason}). Shorten the context, use a q8_0 KV "
            "cache, leave out layers, or close other programs."
        )
    return f"{message}: {reason}" if reason else message


class Base:
    """The wanted layers of a model file, in memory.

    `layers` are the file's own numbers, ascending, None for all. With `layers_only` the file's
    embeddings and head are left out, as for every source but the first. With `dry` nothing is
    read or allocated but the vocabulary: views and contexts over it only tell how much memory
    they would take. Without `use_mmap` the weights are copied out of the file, and
    with `repacked` the CPU may keep copies of them in an order of its own. `on_progress` gets
    0..1 and stops the load by returning False: then Aborted is raised.
    """

    def __init__(
        self,
        path: str,
        layers: Sequence[int] | None = None,
        *,
        layers_only: bool = False,
        dry: bool = False,
        use_mmap: bool = True,
        repacked: bool = True,
        on_progress: Callable[[float], bool] = lambda fraction: True,
    ) -> None:
        params = llama.llama_model_default_params()
        params.use_extra_bufts = repacked
        params.no_alloc = dry
        if dry or not use_mmap:
            params.load_mode = llama.LLAMA_LOAD_MODE_NONE
        is_stopped = False

        def progress(fraction: float, _data: Any) -> bool:
            nonlocal is_stopped
            is_stopped = not on_progress(fraction)
            return not is_stopped

        params.progress_callback = llama.llama_progress_callback(progress)
        layer_array = (_I * len(layers))(*layers) if layers is not None else None
        n_wanted = len(layers) if layers is not None else 0
        _errors_logged.clear()
        self._handle = _base_load(os.fsencode(path), params, layer_array, n_wanted, layers_only)
        if not self._handle:
            raise Aborted if is_stopped else NativeError(_with_logged(_reason()))
        self.model = _base_model(self._handle)
        """The loaded model as llama.cpp's own pointer: for its vocabulary and metadata."""

    def keep(self, layers: Sequence[int]) -> int:
        """Lets the system have the memory of the base's other layers, where they lie in a mapped
        file; they are read again when they are used again. Returns the bytes of those that lie
        elsewhere and stay, as repacked ones do."""
        return int(_base_keep(self._handle, (_I * len(layers))(*layers), len(layers)))

    def close(self) -> None:
        """Gives the weights up; they stay for as long as a view needs them."""
        if self._handle:
            _base_free(self._handle)
            self._handle = None


class View:
    """A model that runs a recipe over the weights of bases.

    The first base gives vocabulary, embeddings and head. `weight_layers` says for each weight
    layer of the recipe's numbering which base holds it and its number in that base's file, None
    while nothing does. Without it, the numbers are those of the first base's file.
    """

    def __init__(
        self,
        bases: Sequence[Base],
        recipe: Recipe,
        weight_layers: Sequence[tuple[int, int] | None] | None = None,
    ) -> None:
        if weight_layers is None:
            n_numbers = max(recipe.weight_layers, default=0) + 1
            weight_layers = [(0, layer) for layer in range(n_numbers)]
        places = [_WeightLayer(*(at or (-1, -1))) for at in weight_layers]
        places_array = (_WeightLayer * len(places))(*places)
        handles = (_P * len(bases))(*(base._handle for base in bases))
        plan = _plan_init()
        try:
            for block in recipe.blocks:
                if isinstance(block, RecipeWeight):
                    n_layers = block.end - block.start
                    block_number = _plan_add_weights(
                        plan, block.weight_start, n_layers, block.input
                    )
                else:
                    n = len(block.inputs)
                    inputs = (_I * n)(*(number for number, _ in block.inputs))
                    scales = (ctypes.c_float * n)(*(scale for _, scale in block.inputs))
                    block_number = _plan_add_merge(plan, inputs, scales, n)
                if block_number < 0:
                    raise NativeError(_reason())
            self.model = _view_init(handles, len(bases), places_array, len(places_array), plan)
        finally:
            _plan_free(plan)
        if not self.model:
            raise NativeError(_reason())

    def set_scale(self, block: int, input: int, scale: float) -> None:
        """Sets a merge scale, from the next decode on; never to be called during one."""
        if _view_set_scale(self.model, block, input, scale) != 0:
            raise NativeError(_reason())

    def close(self) -> None:
        """Frees the view; its contexts must have been closed."""
        if self.model:
            llama.llama_model_free(self.model)
            self.model = None


def default_n_threads() -> int:
    """One thread for each physical core that this process may use: more of them slow each other."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(usable or 1, psutil.cpu_count(logical=False) or usable or 1))


_KV_TYPES: dict[KvType, int] = {
    "f32": llama.GGML_TYPE_F32,
    "f16": llama.GGML_TYPE_F16,
    "q8_0": llama.GGML_TYPE_Q8_0,
    "q5_1": llama.GGML_TYPE_Q5_1,
    "q5_0": llama.GGML_TYPE_Q5_0,
    "q4_1": llama.GGML_TYPE_Q4_1,
    "q4_0": llama.GGML_TYPE_Q4_0,
}


class Context:
    """The KV cache and compute buffers of one conversation over a model or view.

    At most `n_logits` of the tokens that are evaluated together give logits: these are paid for in
    compute buffers. `should_stop` is asked often during a decode, from the thread that decodes,
    and so is `on_tensor`: with a tensor of the graph and True whether it is wanted, and with False
    once a wanted one is computed (llama.cpp's cb_eval).
    """

    def __init__(
        self,
        model: Any,
        settings: ContextSettings,
        *,
        n_logits: int,
        should_stop: Callable[[], bool] = lambda: False,
        on_tensor: Callable[[int, bool], bool] | None = None,
    ) -> None:
        params = llama.llama_context_default_params()
        params.n_ctx = settings.n_ctx
        params.n_batch = settings.n_batch
        params.n_ubatch = settings.n_at_once
        params.n_outputs_max = params.n_outputs_max_per_seq = n_logits
        params.n_threads = params.n_threads_batch = settings.n_threads or default_n_threads()
        params.type_k = params.type_v = _KV_TYPES[settings.kv_type]
        params.flash_attn_type = {None: -1, False: 0, True: 1}[settings.flash_attention]
        params.swa_full = False  # sliding layers hold their window only
        params.no_perf = True

        self._abort = llama.ggml_abort_callback(lambda _data: should_stop())
        params.abort_callback = self._abort
        if on_tensor is not None:
            self._on_tensor = llama.ggml_backend_sched_eval_callback(
                lambda tensor, ask, _data: on_tensor(tensor, ask)
            )
            params.cb_eval = self._on_tensor
        self.model = model
        _errors_logged.clear()
        self.handle = llama.llama_init_from_model(model, params)
        if not self.handle:
            raise NativeError(
                _with_logged(f"a context of {settings.n_ctx} tokens could not be created")
            )
        self.n_ctx: int = llama.llama_n_ctx(self.handle)
        self.n_threads: int = llama.llama_n_threads(self.handle)
        self.n_batch: int = llama.llama_n_batch(self.handle)  # not more than fit into the context
        self._memory = llama.llama_get_memory(self.handle)

    def decode(self, tokens: Sequence[int], position: int, n_logits: int) -> None:
        """Evaluates up to `n_batch` tokens from `position` on; the last `n_logits` give logits.

        Raises Aborted when `should_stop` said so. After any error some of the tokens may be in the
        KV cache: `forget_from` the position.
        """
        n = len(tokens)
        batch = llama.llama_batch_init(n, 0, 1)
        try:
            batch.n_tokens = n
            for i, token in enumerate(tokens):
                batch.token[i] = token
                batch.pos[i] = position + i
                batch.n_seq_id[i] = 1
                batch.seq_id[i][0] = 0
                batch.logits[i] = i >= n - n_logits
            status = llama.llama_decode(self.handle, batch)
        finally:
            llama.llama_batch_free(batch)
        if status == 2:
            raise Aborted
        if status:
            raise NativeError(f"decoding failed with status {status}")

    def forget_from(self, position: int) -> int:
        """Drops the KV cache from a position on. Returns how many tokens are still held, which
        is 0 where the model cannot go back to the middle."""
        oldest = llama.llama_memory_seq_pos_min(self._memory, 0)
        has_window = oldest <= max(position - llama.llama_model_n_swa(self.model), 0)
        if position and has_window and llama.llama_memory_seq_rm(self._memory, 0, position, -1):
            return position
        llama.llama_memory_clear(self._memory, False)
        return 0

    @property
    def can_shift(self) -> bool:
        """Whether tokens can leave the middle of the KV cache."""
        return bool(llama.llama_memory_can_shift(self._memory))

    def take_out(self, begin: int, end: int) -> None:
        """Drops the tokens of these positions; those behind them move up."""
        llama.llama_memory_seq_rm(self._memory, 0, begin, end)
        llama.llama_memory_seq_add(self._memory, 0, end, -1, begin - end)

    def commit(self) -> None:
        """Has the system give the memory of the compute buffers now and not amid a decode."""
        if _context_commit(self.handle) != 0:
            raise NativeError(_reason())

    def unheld_bytes(self) -> int:
        """What the context takes beside its buffers once it has decoded whole batches and is
        full, and does not hold yet: graphs that are kept, the scratch memory of the CPU backend."""
        n_bytes = int(_context_unheld(self.handle))
        if n_bytes < 0:
            raise NativeError(_reason())
        return n_bytes

    def memory(self) -> tuple[DeviceMemory, ...]:
        """What the context and its weights take of main memory, and then of each other device."""
        rows = (_Memory * 16)()
        n = _context_memory(self.handle, rows, len(rows))
        if n < 0:
            raise NativeError(_reason())
        return tuple(
            DeviceMemory(r.device.decode(errors="replace"), r.weights, r.mappable, r.kv, r.compute)
            for r in rows[:n]
        )

    def close(self) -> None:
        """Frees KV cache and buffers."""
        if self.handle:
            llama.llama_free(self.handle)
            self.handle = None
