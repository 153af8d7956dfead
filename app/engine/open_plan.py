"""An open plan: a view with its context, and the tokens in its KV cache."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from itertools import takewhile
from typing import Any

from app.engine.messages import Earlier, OpenedPlan
from app.engine.native import Aborted, Context, NativeError, View, llama
from app.engine.process_memory import rss_bytes
from app.engine.replies.prompts import Prompt, Prompts
from app.engine.replies.reading_order import Piece, ReadingOrder
from app.engine.replies.sampling import Sampler
from app.engine.vocabulary import Vocabulary
from app.engine.weights import WeightLayers
from app.memory.context_settings import ContextSettings
from app.plan.recipe import Recipe

_N_ALIKE = 16
"""So many tokens in a row tell that a prompt goes on where the KV cache has them."""


class OpenPlan:
    """A view with its context, and the tokens in its KV cache."""

    def __init__(
        self,
        weights: WeightLayers,
        recipe: Recipe,
        settings: ContextSettings,
        should_stop: Callable[[], bool],
    ) -> None:
        self.weights = weights
        self.recipe = recipe
        self.settings = settings
        self.tokens: list[int] = []
        self.order = ReadingOrder()
        self.transcript: tuple[str, list[int]] = "", []
        """What was read and said last, and its tokens: those of a text that is read anew may be
        others."""
        self.vocabulary = Vocabulary(weights.bases[0].model)
        self._is_mixed = False
        """Whether the KV cache may hold tokens that were read at other scales."""
        self._view = View(weights.bases, recipe, weights.weight_layers)
        try:
            self.context = Context(self._view.model, settings, n_logits=1, should_stop=should_stop)
        except NativeError:
            self._view.close()
            raise
        self.prompts = Prompts(self._view.model, self.vocabulary)

    def describe(self, open_slots: Iterable[int], *, load_ms: float, view_ms: float) -> OpenedPlan:
        """What the app shows of the open plan."""
        model = self._view.model
        return OpenedPlan(
            plan_hash=self.recipe.hash,
            model_name=_metadata(model, "general.name"),
            architecture=_metadata(model, "general.architecture"),
            n_ctx=self.context.n_ctx,
            n_threads=self.context.n_threads,
            n_weight_layers=len(self.recipe.weight_layers),
            load_ms=load_ms,
            view_ms=view_ms,
            has_chat_template=self.prompts.has_template,
            default_system=self.prompts.default_system,
            rss_bytes=rss_bytes(),
            context_bytes=self._context_bytes(),
            open_slots=tuple(open_slots),
        )

    def tokens_of(self, prompt: Prompt) -> list[int]:
        """The prompt's tokens; those of what was said here before are as they were said."""
        text, tokens = self.transcript
        if not tokens or not prompt.text.startswith(text):
            return prompt.tokens
        rest = self.vocabulary.tokenize(prompt.text[len(text) :], add_special=False)
        is_apart = not rest or self.vocabulary.is_control(rest[0])
        return tokens + rest if is_apart else prompt.tokens

    def keep_prefix(
        self, prompt: list[int], *, reread: bool = True, slides: bool = False
    ) -> tuple[int, Earlier]:
        """Keeps what the KV cache shares with the prompt: how many tokens that is, and what became
        of those that were read at other scales.

        At least one token is left to evaluate. After a change of scales nothing is kept with
        `reread`, so that the whole prompt is read at the present ones. With `slides` the prompt may
        lack turns that the KV cache has: they are taken out, and what follows them is kept.
        """
        most, n = min(len(self.tokens), len(prompt) - 1), 0
        while n < most and self.tokens[n] == prompt[n]:
            n += 1
        earlier: Earlier = "as_now"
        if self._is_mixed and n:
            earlier = "read_anew" if reread else "as_heard"
        elif slides:
            n += self._take_out_turns(prompt, n)
        n = self._forget_from(0 if earlier == "read_anew" else n)
        self._is_mixed = self._is_mixed and n > 0
        return n, earlier

    def _take_out_turns(self, prompt: list[int], n: int) -> int:
        """Takes out what the KV cache holds between the first `n` tokens and those that come next
        in the prompt; how many of these are kept."""
        begin, tokens = prompt[n : n + _N_ALIKE], self.tokens
        places = range(n + 1, len(tokens) - _N_ALIKE + 1)
        at = next((at for at in places if tokens[at : at + _N_ALIKE] == begin), None)
        if at is None or len(begin) < _N_ALIKE or not self.context.can_shift:
            return 0
        self.context.take_out(n, at)
        del tokens[n:at]
        self.order.take_out(n, at)
        pairs = zip(tokens[n:], prompt[n:-1], strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    def decode(self, tokens: list[int], n_logits: int) -> None:
        """Evaluates tokens that follow those in the KV cache."""
        try:
            self.context.decode(tokens, len(self.tokens), n_logits)
        except (Aborted, NativeError):
            self._forget_from(len(self.tokens))
            raise
        self.tokens += tokens
        self.order.add(len(tokens))

    def decode_piece(self, tokens: list[int], piece: Piece, n_logits: int) -> None:
        """Evaluates the piece's kept ones of these tokens, together with as many others as were
        evaluated with them, which are forgotten again."""
        evaluated = tokens[: piece.n_kept]
        n_others = piece.n_tokens - piece.n_kept
        self.decode(evaluated + evaluated[-1:] * n_others, n_logits)
        if n_others:
            self._forget_from(len(self.tokens) - n_others)

    def _forget_from(self, position: int) -> int:
        """Drops the KV cache from a position on; how many tokens are still held."""
        n = self.context.forget_from(position)
        del self.tokens[n:]
        self.order.cut(n)
        return n

    def set_scale(self, block: int, input: int, scale: float) -> None:
        """Sets a merge scale, from the next decode on."""
        recipe = self.recipe.with_scale(block, input, scale)
        if recipe != self.recipe:
            self._view.set_scale(block, input, scale)
            self.recipe = recipe
            self._is_mixed = bool(self.tokens)

    def _context_bytes(self) -> int:
        main = self.context.memory()[0]
        sampling_bytes = Sampler.bytes(self.vocabulary.n_tokens)
        return main.kv_bytes + main.compute_bytes + self.context.unheld_bytes() + sampling_bytes

    def close(self) -> None:
        """Frees the context, then the view."""
        self.context.close()
        self._view.close()


def _metadata(model: Any, key: str) -> str:
    value = ctypes.create_string_buffer(1024)
    n = llama.llama_model_meta_val_str(model, key.encode(), value, len(value))
    return value.value.decode(errors="replace") if n >= 0 else ""
