"""What each number of Sampling may be, the same on the command line and in the window.

llama.cpp takes any number. The limits leave out what its samplers cannot use, such as a share
above 1, and lie far beyond what is sensible elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Limits(NamedTuple):
    """The smallest and the largest value of a setting, both allowed; whole numbers where both are
    `int`."""

    low: float
    high: float

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are allowed."""
        return isinstance(self.low, int) and isinstance(self.high, int)


_SHARE = Limits(0.0, 1.0)
_N_TOKENS = 1_000_000

SAMPLING_LIMITS: Mapping[str, Limits] = MappingProxyType(
    {
        "temperature": Limits(0.0, 100.0),
        "top_k": Limits(0, _N_TOKENS),
        "top_p": _SHARE,
        "min_p": _SHARE,
        # The sampler's seed has 32 bits; a Qt field holds 31 of them.
        "seed": Limits(0, 2**31 - 1),
        "typical_p": _SHARE,
        "repeat_last_n": Limits(-1, _N_TOKENS),
        "repeat_penalty": Limits(0.0, 100.0),
        "frequency_penalty": Limits(-100.0, 100.0),
        "presence_penalty": Limits(-100.0, 100.0),
        "dry_multiplier": Limits(0.0, 100.0),
        # Below 1 llama.cpp leaves the whole sampler out.
        "dry_base": Limits(0.0, 100.0),
        "dry_allowed_length": Limits(0, _N_TOKENS),
        "xtc_probability": _SHARE,
        "xtc_threshold": _SHARE,
        "mirostat": Limits(0, 2),
        "mirostat_tau": Limits(0.0, 100.0),
        "mirostat_eta": _SHARE,
    }
)
"""By the names of Sampling's fields."""

MAX_N_PREDICT = _N_TOKENS
"""More tokens no reply has; -1 stands for no limit."""
