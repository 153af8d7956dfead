"""Jinja templates from anywhere: they reach neither files nor network, and end within bounds."""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import FrameType
from typing import Any, NoReturn

import psutil
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

MOST_SECONDS = 1.0
"""Of processor time, for one reading or rendering."""
MOST_BYTES = 512 << 20
"""Of memory beyond what the process has."""
_MOST_BITS = 1 << 16
"""Of a power: no signal interrupts its calculation."""


class TooLong(Exception):
    """A template did not come to its end in time."""


class _Environment(ImmutableSandboxedEnvironment):
    """As Transformers sets Jinja up for chat templates; its loader finds nothing."""

    intercepted_binops = frozenset(["**"])

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[Jinja2ChatFormatter.IgnoreGenerationTags, loopcontrols],
        )
        self.filters["tojson"] = Jinja2ChatFormatter.tojson
        self.globals["raise_exception"] = _refuse
        self.globals["strftime_now"] = lambda form: datetime.now().strftime(form)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        are_whole = isinstance(left, int) and isinstance(right, int)
        if are_whole and left.bit_length() * right > _MOST_BITS:
            raise OverflowError("a power is too large")
        return super().call_binop(context, operator, left, right)


def compiled(source: str) -> Callable[..., str]:
    """A template's rendering, which takes its variables by name. Both raise whatever goes wrong,
    TooLong among it, and belong to the main thread."""
    with _bounded():
        render = _Environment().from_string(source).render

    def bounded_render(**variables: object) -> str:
        with _bounded():
            return render(**variables)

    return bounded_render


@contextmanager
def _bounded() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = psutil.Process().memory_info().vms + MOST_BYTES
    for limit in (soft, hard):
        if limit != resource.RLIM_INFINITY:
            most = min(most, limit)
    before = signal.signal(signal.SIGVTALRM, _end)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGVTALRM, before)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    raise TooLong(f"it did not come to an end within {MOST_SECONDS:g} s")


def _refuse(message: str) -> NoReturn:
    raise ValueError(message)
