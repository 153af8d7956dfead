"""The machine's memory, as control groups limit it."""

from __future__ import annotations

from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from app.memory.machine import MachineMemory, available_bytes, machine_memory

MIB = 1 << 20


@pytest.fixture(autouse=True)
def eight_gib(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with 8 GiB, 6 of them available, and 1 GiB of swap."""

    class Memory:
        total = 8192 * MIB
        available = 6144 * MIB
        free = 1024 * MIB

    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    monkeypatch.setattr(psutil, "swap_memory", Memory)


def v2_group(folder: Path, limit: str, used_mib: int, cache_mib: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used_mib * MIB}\n")
    (folder / "memory.stat").write_text(
        f"anon 4096\nactive_file 999\ninactive_file {cache_mib * MIB}\nslab 1\n"
    )


def v1_group(folder: Path, limit_bytes: int, used_mib: int, cache_mib: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.limit_in_bytes").write_text(f"{limit_bytes}\n")
    (folder / "memory.usage_in_bytes").write_text(f"{used_mib * MIB}\n")
    (folder / "memory.stat").write_text(f"inactive_file 1\ntotal_inactive_file {cache_mib * MIB}\n")


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "self-cgroup"
    path.write_text(text)
    return path


def mib(memory: MachineMemory) -> tuple[int, int, int]:
    return (
        memory.total_bytes // MIB,
        memory.available_bytes // MIB,
        memory.swap_free_bytes // MIB,
    )


def test_without_control_groups(tmp_path: Path) -> None:
    assert mib(machine_memory(tmp_path / "no", tmp_path / "none")) == (8192, 6144, 1024)


def test_v2_limit_counts_reclaimable_cache(tmp_path: Path) -> None:
    v2_group(tmp_path / "a" / "b", str(2048 * MIB), used_mib=1500, cache_mib=500)
    memory = machine_memory(tmp_path, own(tmp_path, "0::/a/b\n"))
    assert mib(memory) == (2048, 1048, 1024)


def test_v2_the_tightest_ancestor_counts(tmp_path: Path) -> None:
    v2_group(tmp_path / "a", str(4096 * MIB), used_mib=4000)
    v2_group(tmp_path / "a" / "b", str(2048 * MIB), used_mib=100)
    v2_group(tmp_path / "a" / "b" / "c", "max", used_mib=50)
    memory = machine_memory(tmp_path, own(tmp_path, "0::/a/b/c\n"))
    assert mib(memory) == (2048, 96, 1024)


def test_v2_a_limit_above_what_the_machine_has_changes_nothing(tmp_path: Path) -> None:
    v2_group(tmp_path / "a", str(99999 * MIB), used_mib=10)
    assert mib(machine_memory(tmp_path, own(tmp_path, "0::/a\n"))) == (8192, 6144, 1024)


def test_v2_in_a_container_the_root_has_the_limit(tmp_path: Path) -> None:
    v2_group(tmp_path, str(1024 * MIB), used_mib=24)
    for path in ("/", "/../../elsewhere", "/not/mounted/here"):
        memory = machine_memory(tmp_path, own(tmp_path, f"0::{path}\n"))
        assert mib(memory) == (1024, 1000, 1024)


def test_usage_above_the_limit_leaves_nothing(tmp_path: Path) -> None:
    v2_group(tmp_path / "a", str(100 * MIB), used_mib=110)
    assert machine_memory(tmp_path, own(tmp_path, "0::/a\n")).available_bytes == 0


def test_v1_among_other_controllers(tmp_path: Path) -> None:
    v1_group(tmp_path / "memory", 0x7FFFFFFFFFFFF000, used_mib=3000, cache_mib=0)
    v1_group(tmp_path / "memory" / "box", 512 * MIB, used_mib=300, cache_mib=100)
    text = "12:cpu,cpuacct:/x\n5:memory:/box\n1:name=systemd:/init.scope\n0::/init.scope\n"
    assert mib(machine_memory(tmp_path, own(tmp_path, text))) == (512, 312, 1024)


def test_swap_within_the_groups_limits(tmp_path: Path) -> None:
    v2_group(tmp_path / "a" / "b", "max", used_mib=1)
    (tmp_path / "a" / "memory.swap.max").write_text(f"{700 * MIB}\n")
    (tmp_path / "a" / "memory.swap.current").write_text(f"{200 * MIB}\n")
    (tmp_path / "a" / "b" / "memory.swap.max").write_text("max\n")
    (tmp_path / "a" / "b" / "memory.swap.current").write_text("0\n")
    assert mib(machine_memory(tmp_path, own(tmp_path, "0::/a/b\n"))) == (8192, 6144, 500)
    (tmp_path / "a" / "memory.swap.max").write_text("0\n")
    assert machine_memory(tmp_path, own(tmp_path, "0::/a/b\n")).swap_free_bytes == 0


def test_v1_limits_memory_and_swap_together(tmp_path: Path) -> None:
    group = tmp_path / "memory" / "box"
    v1_group(group, 512 * MIB, used_mib=300, cache_mib=0)
    (group / "memory.memsw.limit_in_bytes").write_text(f"{768 * MIB}\n")
    (group / "memory.memsw.usage_in_bytes").write_text(f"{400 * MIB}\n")
    assert mib(machine_memory(tmp_path, own(tmp_path, "5:memory:/box\n"))) == (512, 212, 156)


def test_unreadable_figures_are_passed_over(tmp_path: Path) -> None:
    v2_group(tmp_path / "a", "plenty", used_mib=10)
    v2_group(tmp_path, str(4096 * MIB), used_mib=96)
    (tmp_path / "memory.stat").unlink()
    assert mib(machine_memory(tmp_path, own(tmp_path, "0::/a\n"))) == (4096, 4000, 1024)


def test_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    memory = machine_memory()
    assert 0 < memory.available_bytes <= memory.total_bytes
    assert 0 < available_bytes() <= memory.total_bytes
