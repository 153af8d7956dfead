"""What an open plan takes of memory, as the engine tells it and the window shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """Bytes of one device's memory; `name` is the backend's, '' for main memory."""

    name: str
    weights_bytes: int
    mappable_bytes: int
    """Those of the weights that lie in the file where it is mapped."""
    kv_bytes: int
    compute_bytes: int


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Bytes of main memory that the engine process will hold at most once the plan is open,
    whatever it decodes; pages of a mapped model file count like others."""

    weights_bytes: int
    """Repacked copies in place of what they were made from."""
    kv_bytes: int
    compute_bytes: int
    """Compute and output buffers, graphs, and what the backend calculates in."""
    process_bytes: int
    """The engine process itself, with vocabulary and chat template."""
    mapped_bytes: int = 0
    """Those of the weights that lie in mapped files: the system can drop and read them again."""
    devices: tuple[DeviceMemory, ...] = ()
    """What other devices will hold."""

    @property
    def total_bytes(self) -> int:
        """The sum of all parts."""
        return self.weights_bytes + self.kv_bytes + self.compute_bytes + self.process_bytes
