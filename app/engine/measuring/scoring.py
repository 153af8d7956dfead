"""Reading a text through views to score it: which of its tokens are predicted, and how fast."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.engine.errors import EngineError
from app.engine.messages import Progress
from app.engine.native import Context, View
from app.engine.vocabulary import Vocabulary
from app.engine.weights import WeightLayers
from app.memory.context_settings import ContextSettings
from app.plan.recipe import Recipe

_MOST_LOGITS_BYTES = 128 << 20
_LEAST_N_CTX = 8


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


@dataclass(frozen=True, slots=True)
class Batch:
    """Tokens from `position` on that are decoded together; the last of them, one for each of
    `targets`, give logits that predict these."""

    position: int
    tokens: list[int]
    targets: list[int]


class TextPieces:
    """A text as batches, and how far its reading is.

    Raises EngineError for a text in which nothing can be predicted.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        text: str,
        settings: ContextSettings,
        *,
        whole_windows: bool = False,
    ) -> None:
        n_ctx = settings.n_ctx
        self._n_batch = settings.n_batch
        self._vocabulary = vocabulary
        self._tokens = vocabulary.tokenize(text, add_special=True)
        if len(self._tokens) < 2:
            raise EngineError("The text is too short: there is nothing to predict.")
        if n_ctx < _LEAST_N_CTX:
            raise EngineError(
                f"A context of {n_ctx} tokens is too short to score a text. Use at least "
                f"{_LEAST_N_CTX}."
            )
        self.is_short = len(self._tokens) < n_ctx
        """It is shorter than the context, and so read as one piece."""
        self._windows = windows(len(self._tokens), n_ctx, whole=whole_windows)
        n_scored = max(window.n_decoded + 1 - window.first_scored for window in self._windows)
        self.n_logits = n_logits_at_once(vocabulary, min(self._n_batch, n_scored))

    @property
    def n_tokens(self) -> int:
        """How many are decoded."""
        return sum(window.n_decoded for window in self._windows)

    def __iter__(self) -> Iterator[Batch]:
        for window in self._windows:
            tokens = self._tokens[window.start : window.end]
            if window.start and self._vocabulary.adds_bos:
                tokens[0] = self._vocabulary.bos
            yield from batches(tokens, window.first_scored, self._n_batch, self.n_logits)


def batches(tokens: list[int], first_scored: int, n_batch: int, n_logits: int) -> Iterator[Batch]:
    """Tokens that are decoded one batch after the other, but for the last; those from
    `first_scored` (at least 1) on are predicted, at most `n_logits` of them by a batch."""
    n_decoded = len(tokens) - 1
    at = 0
    while at < n_decoded:
        first = max(at, first_scored - 1)
        end = min(at + n_batch, n_decoded, first + n_logits)
        yield Batch(at, tokens[at:end], tokens[first + 1 : end + 1])
        at = end


def n_logits_at_once(vocabulary: Vocabulary, n_wanted: int) -> int:
    """For how many of the tokens that a batch is to predict there is room."""
    return max(1, min(n_wanted, _MOST_LOGITS_BYTES // (4 * vocabulary.n_tokens)))


def windows(n_tokens: int, n_ctx: int, *, whole: bool = False) -> list[Window]:
    """How a text is cut: whole when it fits the context, else as llama.cpp's perplexity tool does.

    That is: windows of `n_ctx` tokens, of which the second half is scored (all with `whole`); what
    does not fill the last one is left out.
    """
    if n_tokens <= n_ctx:
        return [Window(0, n_tokens, 1)]
    first = 1 if whole else n_ctx // 2 + 1
    return [Window(i * n_ctx, (i + 1) * n_ctx, first) for i in range(n_tokens // n_ctx)]


class Scored:
    """A recipe's view with a context of its own that reads a text."""

    def __init__(
        self,
        recipe: Recipe,
        weights: WeightLayers,
        settings: ContextSettings,
        n_logits: int,
        should_stop: Callable[[], bool],
        on_tensor: Callable[[int, bool], bool] | None = None,
    ) -> None:
        self.context: Context
        self._view = View(weights.bases, recipe, weights.weight_layers)
        try:
            self.context = Context(
                self._view.model,
                settings,
                n_logits=n_logits,
                should_stop=should_stop,
                on_tensor=on_tensor,
            )
        except BaseException:
            self._view.close()
            raise

    def __enter__(self) -> Scored:
        return self

    def __exit__(self, *_: object) -> None:
        """Frees the context, then the view."""
        self.context.close()
        self._view.close()


class Reading:
    """Reads batches one after the other, and tells how fast and how long the rest will take.

    `before_batch` may raise to stop.
    """

    def __init__(
        self,
        phase: str,
        n_tokens: int,
        before_batch: Callable[[], None],
        tell: Callable[[Progress], None],
    ) -> None:
        self._phase = phase
        self._n_tokens = n_tokens
        self._before_batch = before_batch
        self._tell = tell
        self._n_read = 0
        self._start_s = time.monotonic()

    def read(self, scored: Scored, batch: Batch, n_logits: int) -> None:
        """Decodes a batch; its last `n_logits` tokens leave their logits in the context."""
        self._before_batch()
        if batch.position == 0:
            scored.context.forget_from(0)
        scored.context.decode(batch.tokens, batch.position, n_logits)
        self._n_read += len(batch.tokens)
        seconds_left = (self._n_tokens - self._n_read) / self.tokens_per_s
        part = self._n_read / self._n_tokens
        self._tell(Progress(self._phase, part, self.tokens_per_s, seconds_left))

    @property
    def tokens_per_s(self) -> float:
        """Since the beginning."""
        return self._n_read / max(time.monotonic() - self._start_s, 1e-9)
