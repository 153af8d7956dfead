"""Perplexity: which tokens of a text are scored, and how likely the model finds them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.messages import Perplexity
from app.engine.native import Context, llama
from app.engine.vocabulary import Vocabulary


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


def score(
    context: Context,
    vocabulary: Vocabulary,
    tokens: Sequence[int],
    before_batch: Callable[[], None],
    on_progress: Callable[[float], None],
) -> Perplexity:
    """Perplexity over at least two tokens, in a context whose batches give all logits.

    `before_batch` may raise to stop; `on_progress` gets 0..1.
    """
    spans = windows(len(tokens), context.n_ctx)
    n_total = sum(span.n_decoded for span in spans)
    n_done = n_scored = 0
    nll = 0.0
    for span in spans:
        window = list(tokens[span.start : span.end])
        if span.start and vocabulary.adds_bos:
            window[0] = vocabulary.bos
        context.forget_from(0)
        for at in range(0, span.n_decoded, context.n_batch):
            before_batch()
            end = min(at + context.n_batch, span.n_decoded)
            first = max(at, span.first_scored - 1)
            context.decode(window[at:end], at, n_logits=max(end - first, 0))
            if first < end:
                targets = window[first + 1 : end + 1]
                nll += _negative_log_likelihood(context, targets, vocabulary.n_tokens)
                n_scored += len(targets)
            n_done += end - at
            on_progress(n_done / n_total)
    mean = nll / n_scored
    return Perplexity(mean, math.exp(mean), n_scored)


def _negative_log_likelihood(context: Context, targets: Sequence[int], n_vocab: int) -> float:
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
