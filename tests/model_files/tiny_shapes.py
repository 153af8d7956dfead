"""The shapes of tiny models' tensors, written `name:rows,columns` with letters for the sizes.

`,` joins any number of dimensions; a vector is a norm's weight or, with `.bias`, a bias. A
dimension is a letter of `Sizes.of`, or a multiple of one (`2F`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """What the letters of a shape stand for, in one layer."""

    n_vocab: int
    n_ctx: int
    n_embd: int
    n_embd_head: int
    n_head: int
    n_head_kv: int
    n_ff: int

    def of(self, dimension: str) -> int:
        head = self.n_embd_head
        values = {
            "V": self.n_vocab,
            "C": self.n_ctx,
            "E": self.n_embd,
            "D": head,
            "R": head // 2,
            "H": self.n_head,
            "A": head * self.n_head,
            "G": head * self.n_head_kv,
            "Q": head * (self.n_head + 2 * self.n_head_kv),
            "F": self.n_ff,
            "X": 4,
            "M": 32,
            "L": 32 + head // 2,
        }
        return int(dimension[:-1] or 1) * values[dimension[-1]]

    def shapes(self, tensors: str) -> dict[str, tuple[int, ...]]:
        """Tensor name to shape; names end in `.weight` where they end in nothing else."""
        shapes = {}
        for item in tensors.split():
            name, dimensions = item.split(":")
            full_name = name if name.endswith(".bias") else f"{name}.weight"
            shapes[full_name] = tuple(self.of(part) for part in dimensions.split(","))
        return shapes
