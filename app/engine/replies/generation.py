"""A reply on its way: the prompt read, then a token at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from app.engine.errors import EngineError
from app.engine.messages import (
    Event,
    Generate,
    Progress,
    Reply,
    ReplyStatistics,
    ScalesMoved,
    StopReason,
    TextPiece,
)
from app.engine.native import Aborted
from app.engine.open_plan import OpenPlan
from app.engine.process_memory import peak_rss_bytes
from app.engine.replies.reading_order import Order, pieces_of
from app.engine.replies.room import summary_request, with_room
from app.engine.replies.sampling import Sampler
from app.engine.replies.stop_strings import StopStrings
from app.engine.replies.summaries import with_summary
from app.engine.replies.thinking import split_thinking
from app.engine.vocabulary import PieceDecoder
from app.plan.recipe import changed_scales

Tell = Callable[[Event], None]


class Generation:
    """Answers a request with an open plan; to be closed. Raises EngineError for a prompt that
    cannot be.

    `pause` is called before each decode and raises Aborted to stop: what was said so far stays
    the reply.
    """

    def __init__(
        self, plan: OpenPlan, request: Generate, pause: Callable[[], None], tell: Tell
    ) -> None:
        self._request_s = time.monotonic()
        self._plan = plan
        self._request = request
        self._pause = pause
        self._tell = tell
        self._reply_tokens: list[int] = []
        self._n_left_out, self._summary = 0, ""
        self._order: Order = ()
        prompt = plan.prompts.of(request)
        self._read_text, self._prompt = prompt.text, plan.tokens_of(prompt)
        self._begins = prompt.begins
        n_ctx = plan.context.n_ctx
        if not self._prompt:
            raise EngineError("There is nothing to continue: the prompt is empty.")
        if len(self._prompt) >= n_ctx and not self._make_room():
            raise EngineError(
                f"The prompt has {len(self._prompt)} tokens and the context holds {n_ctx}. "
                "Shorten the conversation, use a larger context, or drop the oldest turns "
                "(Reply settings, Limits)."
            )
        self._prompt_start_s = self._prompt_end_s = self._first_token_s = self._last_token_s = (
            time.monotonic()
        )
        self._recipe = plan.recipe
        self._n_prompt = len(self._prompt)
        self._n_kept, self._earlier = plan.keep_prefix(
            self._prompt, reread=request.reread, slides=request.when_full == "slide"
        )
        self._sampler = Sampler(
            request.sampling, plan.vocabulary, n_ctx, self._prompt, request.begun
        )
        self._stop = StopStrings(request.stop)
        self._pieces = PieceDecoder(plan.vocabulary)
        self._text: list[str] = []
        self._said_text: list[str] = []
        self._n_evaluated = self._n_generated = 0
        self._stop_reason: StopReason | None = None

    def read_prompt(self) -> None:
        """Evaluates what of the prompt is new, and begins the reply as the template does."""
        self._prompt_start_s = time.monotonic()
        try:
            self._read(self._prompt[self._n_kept :], self._request.order)
            self._order = self._plan.order.pieces()
        except Aborted:
            self._stop_reason = "cancelled"
        self._prompt_end_s = time.monotonic()
        self._n_evaluated = len(self._plan.tokens) - self._n_kept
        if self._stop_reason is None:
            self._say(self._begins)

    def step(self) -> bool:
        """Says one more token; False when the reply has come to its end."""
        if self._stop_reason is None:
            try:
                self._stop_reason = self._next_token()
            except Aborted:
                self._stop_reason = "cancelled"
        return self._stop_reason is None

    def reply(self) -> Reply:
        """What came of it, to be asked for once, after the end."""
        assert self._stop_reason is not None
        rest = self._pieces.rest()
        self._say(self._stop.add(rest) + self._stop.rest())
        text_so_far = "".join((self._read_text, *self._said_text, rest))
        self._plan.transcript = text_so_far, self._prompt + self._reply_tokens
        prompt_s = self._prompt_end_s - self._prompt_start_s
        answer_s = self._last_token_s - self._first_token_s
        statistics = ReplyStatistics(
            plan_hash=self._plan.recipe.hash,
            seed=self._sampler.seed,
            n_prompt=self._n_prompt,
            n_prompt_evaluated=self._n_evaluated,
            n_generated=self._n_generated,
            n_ctx_used=len(self._plan.tokens),
            prompt_tokens_per_s=self._n_evaluated / prompt_s if prompt_s else 0.0,
            tokens_per_s=(self._n_generated - 1) / answer_s if self._n_generated > 1 else 0.0,
            first_token_s=self._first_token_s - self._request_s if self._n_generated else 0.0,
            stop_reason=self._stop_reason,
            n_left_out=self._n_left_out,
            summary=self._summary,
            order=self._order,
        )
        return Reply("".join(self._text), statistics, peak_rss_bytes(), self._earlier)

    def close(self) -> None:
        """Frees the sampler."""
        self._sampler.close()

    def _next_token(self) -> StopReason | None:
        """Samples a token, and evaluates it unless it is the last; why it is."""
        plan = self._plan
        if 0 <= self._request.n_predict <= self._n_generated:
            return "length"
        token = self._sampler.sample(plan.context)
        if plan.vocabulary.is_end(token):
            return "end"
        self._n_generated += 1
        self._reply_tokens.append(token)
        self._said_text.append(self._pieces.add(token))
        self._say(self._stop.add(self._said_text[-1]))
        self._last_token_s = time.monotonic()
        if self._n_generated == 1:
            self._first_token_s = self._last_token_s
        if self._stop.found:
            return "stop_string"
        if len(plan.tokens) < plan.context.n_ctx:
            self._let_scales_move()
            plan.decode([token], n_logits=1)
        elif self._make_room():
            text = self._prompt + self._reply_tokens
            n_kept, _ = plan.keep_prefix(text, reread=False, slides=True)
            self._read(text[n_kept:])
        else:
            return "context_full"
        return None

    def _read(self, tokens: list[int], order: Order = ()) -> None:
        """Evaluates tokens in batches, or in this order; the last one gives logits."""
        at = 0
        for piece in pieces_of(order, len(tokens), self._plan.context.n_batch):
            self._tell(Progress("Processing prompt", at / len(tokens)))
            self._let_scales_move()
            is_last = at + piece.n_kept >= len(tokens)
            self._plan.decode_piece(tokens[at:], piece, n_logits=1 if is_last else 0)
            at += piece.n_kept

    def _make_room(self) -> bool:
        """Takes the oldest turns out of the prompt, as far as that is asked for and possible.
        Raises Aborted."""
        request = self._request
        left = (
            None
            if request.when_full == "stop"
            else with_room(self._plan, request, len(self._reply_tokens))
        )
        if left is None:
            return False
        self._request = left.request
        if request.when_full == "summarise":
            self._summary = self._summary_of(summary_request(self._plan, request, left.out))
            messages_now = with_summary(left.request.messages, self._summary)
            self._request = replace(left.request, messages=messages_now)
        self._n_left_out += len(left.out)
        prompt = self._plan.prompts.of(self._request)
        self._read_text, self._prompt = prompt.text, prompt.tokens
        return len(self._prompt) + len(self._reply_tokens) < self._plan.context.n_ctx

    def _summary_of(self, request: Generate) -> str:
        generation = Generation(self._plan, request, self._pause, lambda _event: None)
        try:
            generation.read_prompt()
            while generation.step():
                part = generation._n_generated / request.n_predict
                self._tell(Progress("Summarising earlier messages", part))
            reply = generation.reply()
        finally:
            generation.close()
        if reply.statistics.stop_reason == "cancelled":
            raise Aborted
        return split_thinking(reply.text).answer.strip()

    def _let_scales_move(self) -> None:
        self._pause()
        before, self._recipe = self._recipe, self._plan.recipe
        if self._recipe is not before:
            moves = changed_scales(before, self._recipe) or ()
            number = before.file_number
            scales = ((number(b), i, before.scale(b, i), now) for b, i, now in moves)
            self._tell(ScalesMoved(tuple(scales)))

    def _say(self, piece: str) -> None:
        if piece:
            self._text.append(piece)
            self._tell(TextPiece(piece))
