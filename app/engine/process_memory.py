"""What this process holds of the machine's memory."""

from __future__ import annotations

import resource
import sys

import psutil


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
