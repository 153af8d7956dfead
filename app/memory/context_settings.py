"""How weights are held and a context is made, as one record, each setting declared once.

The command line's options, the window's memory settings and what is checked when either is used
are made of these declarations; llama.cpp gets the values in `app.engine.native`. So a new setting
is a field here, and there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from app.memory.kv_types import KvType


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as the user meets it."""

    option: str
    """On the command line; that of a flag which is usually on turns it off."""
    help: str
    """One phrase for both, without a capital at its start."""
    label: str = ""
    """In the window, with the letter of its shortcut after &; '' for one that is not shown there.
    """
    help_when_off: str = ""
    """What a flag's option does."""
    least: int = 0
    most: int = 0
    """The range of a number, both ends included."""
    step: int = 1
    unit: str = ""

    def why_not(self, value: int) -> str | None:
        """What a number has to be, in words; None for one in the range."""
        if self.least <= value <= self.most:
            return None
        return f"“{value}” is not a whole number from {self.least} to {self.most}"


def _setting(default: Any, option: str, help: str, **more: Any) -> Any:
    return field(default=default, metadata={"setting": Setting(option, help, **more)})


@dataclass(frozen=True, slots=True)
class ContextSettings:
    """How weights are held and a context is made, under llama.cpp's names."""

    n_ctx: int = _setting(
        4096,
        "--ctx",
        "maximum tokens of prompt and replies together",
        label="&Context",
        least=1,
        most=4_194_304,
        step=512,
        unit="tokens",
    )
    n_threads: int = _setting(
        0, "--threads", "number of threads; 0: one for each core", least=0, most=4096
    )
    kv_type: KvType = _setting(
        "f16",
        "--kv-type",
        "type of the KV cache; q8_0 needs half the memory of f16 at about the same quality",
        label="&KV cache",
    )
    flash_attention: bool | None = _setting(
        None, "--flash-attn", "flash attention; auto: where it is supported"
    )
    """None is llama.cpp's own choice; a quantised KV cache needs it."""
    n_batch: int = _setting(
        512,
        "--batch",
        "prompt tokens processed together; fewer need less memory but are slower",
        label="&Batch",
        least=1,
        most=65_536,
        step=64,
        unit="tokens",
    )
    n_ubatch: int = _setting(
        512,
        "--ubatch",
        "tokens that pass through the layers at once, at most the batch; fewer need less memory "
        "but are slower",
        label="&Physical batch",
        least=1,
        most=65_536,
        step=64,
        unit="tokens",
    )
    use_mmap: bool = _setting(
        True,
        "--no-mmap",
        "the system can drop mapped weights when memory is short, and read them again",
        label="Memory-map the model file",
        help_when_off="load the weights into memory instead of mapping the file",
    )

    @property
    def n_at_once(self) -> int:
        """Tokens that pass through the layers together at most: llama.cpp cuts a physical batch
        that is larger than the batch, or than the context, down to it."""
        return min(self.n_ubatch, self.n_batch, self.n_ctx)

    def in_range(self) -> ContextSettings:
        """The same with each number in its range: those of a file may be out of it."""
        numbers = {name: s for name, s in SETTINGS.items() if s.most}
        return replace(
            self,
            **{n: max(s.least, min(getattr(self, n), s.most)) for n, s in numbers.items()},
        )


SETTINGS: dict[str, Setting] = {f.name: f.metadata["setting"] for f in fields(ContextSettings)}
"""The declarations by field, in their order."""
