"""One line of a search popup: what it is called, what it does, and what happens when chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """`also` are other words it is found by; `key` is its shortcut, if it has one."""

    title: str
    sentence: str
    icon: str
    run: Callable[[], object]
    key: str = ""
    also: tuple[str, ...] = ()
