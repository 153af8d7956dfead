"""How much memory this machine, or this container, has and can still give to this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

_CGROUP_ROOT = Path("/sys/fs/cgroup")
_OWN_CGROUPS = Path("/proc/self/cgroup")


@dataclass(frozen=True, slots=True)
class MachineMemory:
    """Main memory within the limits set for this process; swap is counted in neither figure."""

    total_bytes: int
    available_bytes: int
    """What can be had without swapping, caches that the system would give up included."""
    swap_free_bytes: int


def machine_memory(
    cgroup_root: Path = _CGROUP_ROOT, own_cgroups: Path = _OWN_CGROUPS
) -> MachineMemory:
    """The memory there is now; the tightest control group (v1 or v2) above this process counts."""
    memory = psutil.virtual_memory()
    total_bytes, available_bytes = int(memory.total), int(memory.available)
    for limit_bytes, free_bytes in _cgroup_limits(cgroup_root, own_cgroups):
        total_bytes = min(total_bytes, limit_bytes)
        available_bytes = min(available_bytes, free_bytes)
    return MachineMemory(total_bytes, available_bytes, int(psutil.swap_memory().free))


def available_bytes() -> int:
    """What this process can still have without swapping."""
    return machine_memory().available_bytes


def _cgroup_limits(root: Path, own_cgroups: Path) -> Iterator[tuple[int, int]]:
    """The limit and what is free below it, for each control group from this process's upwards."""
    try:
        lines = own_cgroups.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            names = ("memory.max", "memory.current", "inactive_file")
            top = root
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            top = root / "memory"
        else:
            continue
        # Seen from inside a container the path may lead outside ("/..") or nowhere.
        parts = [] if ".." in path else [p for p in path.split("/") if p]
        for depth in range(len(parts), -1, -1):
            yield from _limit_of(top.joinpath(*parts[:depth]), *names)


def _limit_of(
    group: Path, limit_name: str, usage_name: str, cache_name: str
) -> Iterator[tuple[int, int]]:
    try:
        limit_bytes = int((group / limit_name).read_text())
        usage_bytes = int((group / usage_name).read_text())
    except (OSError, ValueError):  # absent here, or "max"
        return
    cache_bytes = min(_reclaimable_bytes(group, cache_name), usage_bytes)
    yield limit_bytes, max(0, limit_bytes - usage_bytes + cache_bytes)


def _reclaimable_bytes(group: Path, cache_name: str) -> int:
    try:
        lines = (group / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    for line in lines:
        name, _, value = line.partition(" ")
        if name == cache_name and value.isdigit():
            return int(value)
    return 0
