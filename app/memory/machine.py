"""How much memory this machine, or this container, has and can still give to this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

_CGROUP_ROOT = Path("/sys/fs/cgroup")
_OWN_CGROUPS = Path("/proc/self/cgroup")
_V2 = ("memory.max", "memory.current", "inactive_file")
_V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


@dataclass(frozen=True, slots=True)
class MachineMemory:
    """Main memory and swap within the limits set for this process; swap is told apart."""

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
    swap_free_bytes = int(psutil.swap_memory().free)
    for group, is_v2 in _own_groups(cgroup_root, own_cgroups):
        limit = _limit_of(group, *(_V2 if is_v2 else _V1))
        if limit is not None:
            total_bytes = min(total_bytes, limit[0])
            available_bytes = min(available_bytes, limit[1])
        swap = _swap_left(group, is_v2)
        if swap is not None:
            swap_free_bytes = min(swap_free_bytes, swap)
    return MachineMemory(total_bytes, available_bytes, swap_free_bytes)


def available_bytes() -> int:
    """What this process can still have without swapping."""
    return machine_memory().available_bytes


def _own_groups(root: Path, own_cgroups: Path) -> Iterator[tuple[Path, bool]]:
    """The control groups that limit memory, from this process's upwards, and whether by v2."""
    try:
        lines = own_cgroups.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top = root / "memory" if controllers else root
        # Seen from inside a container the path may lead outside ("/..") or nowhere.
        parts = [] if ".." in path else [p for p in path.split("/") if p]
        for depth in range(len(parts), -1, -1):
            yield top.joinpath(*parts[:depth]), not controllers


def _limit_of(
    group: Path, limit_name: str, usage_name: str, cache_name: str
) -> tuple[int, int] | None:
    """The group's limit and what is free below it; None where it sets none."""
    limit_bytes, usage_bytes = _amount(group / limit_name), _amount(group / usage_name)
    if limit_bytes is None or usage_bytes is None:
        return None
    cache_bytes = min(_reclaimable_bytes(group, cache_name), usage_bytes)
    return limit_bytes, max(0, limit_bytes - usage_bytes + cache_bytes)


def _swap_left(group: Path, is_v2: bool) -> int | None:
    """What the group may still swap; None where it sets no limit. That of v1 is for memory and
    swap together."""
    if is_v2:
        limit, used = _amount(group / "memory.swap.max"), _amount(group / "memory.swap.current")
        return None if limit is None or used is None else max(0, limit - used)
    names = ("memory.memsw.limit_in_bytes", "memory.limit_in_bytes")
    both, memory = (_amount(group / name) for name in names)
    if both is None or memory is None:
        return None
    both_used, used = (
        _amount(group / name) for name in ("memory.memsw.usage_in_bytes", "memory.usage_in_bytes")
    )
    return max(0, both - memory - ((both_used or 0) - (used or 0)))


def _amount(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # absent here, or "max"
        return None


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
