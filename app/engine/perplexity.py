"""Perplexity: which tokens of a text are scored, and how likely the model finds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.native import Context, llama


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens `[start, end)` evaluated together, scored from `first_scored` (from `start`) on."""

    start: int
    end: int
    first_scored: int

    @property
    def n_decoded(self) -> int:
        """The last token is only predicted, never decoded."""
        return self.end - self.start - 1


def windows(n_tokens: int, n_ctx: int) -> list[Window]:
    """How a text is cut: whole when it fits the context, else as llama.cpp's perplexity tool does.

    That is: windows of `n_ctx` tokens, of which the second half is scored; what does not fill
    the last one is left out.
    """
    if n_tokens <= n_ctx:
        return [Window(0, n_tokens, 1)]
    half = n_ctx // 2 + 1
    return [Window(i * n_ctx, (i + 1) * n_ctx, half) for i in range(n_tokens // n_ctx)]


def negative_log_likelihood(context: Context, targets: Sequence[int], n_vocab: int) -> float:
    """The summed -log p (nats) of the tokens that follow the last decode's logits, in double.

    The logits are np (len(targets), n_vocab).
    """
    pointer = llama.llama_get_logits(context.handle)
    nll = 0.0
    for row, target in zip(
        np.ctypeslib.as_array(pointer, (len(targets), n_vocab)), targets, strict=True
    ):
        logits = row.astype(np.float64)
        peak = logits.max()
        nll += float(peak + np.log(np.exp(logits - peak).sum()) - logits[target])
    return nll
