"""What this process holds of the machine's memory."""

from __future__ import annotations

import ctypes
import resource
import sys
from pathlib import Path
from typing import Any

import psutil

_HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage")
_PR_SET_THP_DISABLE = 41


def _of_c_library(name: str) -> Any:
    """A function that only some C libraries have."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):
        return lambda *arguments: 0


_malloc_trim = _of_c_library("malloc_trim")
_prctl = _of_c_library("prctl") if sys.platform == "linux" else lambda *arguments: 0


def give_back_free() -> None:
    """Lets the system have the pages that the C library keeps for later allocations."""
    _malloc_trim(0)


def use_huge_pages(use: bool) -> None:
    """Whether the system may give memory by huge pages from now on, where it does so at all."""
    _prctl(_PR_SET_THP_DISABLE, int(not use), 0, 0, 0)


def huge_page_bytes() -> int:
    """The size of the system's huge pages, 0 where it gives none."""
    try:
        if "[never]" in (_HUGE_PAGES / "enabled").read_text():
            return 0
        return int((_HUGE_PAGES / "hpage_pmd_size").read_text())
    except (OSError, ValueError):
        return 0


def rss_bytes() -> int:
    """Resident bytes now, mapped files included as far as they are in memory."""
    return int(psutil.Process().memory_info().rss)


def peak_rss_bytes() -> int:
    """The most that was ever resident.

    Read from the kernel's own mark where there is one: `getrusage` inherits the parent's.
    """
    if sys.platform == "linux":
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
