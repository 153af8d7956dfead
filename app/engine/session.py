"""A loaded model with one open plan: loading, generation, scales, memory. Engine process only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from app.engine.errors import EngineError
from app.engine.messages import (
    EstimateMemory,
    Generate,
    MemoryEstimate,
    Open,
    OpenedPlan,
    Perplexity,
    Progress,
    Reply,
    StopReason,
    TextPiece,
)
from app.engine.native import Aborted
from app.engine.open_plan import N_BATCH, OpenPlan
from app.engine.perplexity import score
from app.engine.process_memory import peak_rss_bytes, rss_bytes
from app.engine.sampling import Sampler
from app.engine.vocabulary import PieceDecoder
from app.engine.weights import Weights

Tell = Callable[[Progress | TextPiece], None]


class Session:
    """One owner of the native handles. All methods belong to the thread that decodes.

    `should_stop` is asked while a job runs; `between_decodes` is called where scales may change.
    """

    def __init__(
        self, should_stop: Callable[[], bool], between_decodes: Callable[[], None]
    ) -> None:
        self._should_stop = should_stop
        self._between_decodes = between_decodes
        self._weights = Weights()
        self._estimated = Weights(dry=True)
        self._open: OpenPlan | None = None

    def open(self, request: Open, tell: Tell) -> OpenedPlan:
        """Loads what the recipe borrows, unless it is loaded already, and makes its context."""
        self._close_plan()
        started = time.monotonic()
        tell(Progress("Loading weights", 0.0))
        held = self._weights.get(
            request.model_paths,
            request.recipe,
            lambda part: self._report(tell, "Loading weights", part),
        )
        loaded = time.monotonic()
        self._open = OpenPlan(held, request.recipe, request.settings, self._should_stop)
        viewed = time.monotonic()
        return self._open.describe(
            load_ms=(loaded - started) * 1e3, view_ms=(viewed - loaded) * 1e3
        )

    def close(self) -> None:
        """Frees context, view and weights."""
        self._close_plan()
        self._weights.close()
        self._estimated.close()

    def set_scales(self, scales: Iterable[tuple[int, int, float]]) -> None:
        """Sets merge scales of the open plan (block, input, scale), from the next decode on."""
        plan = self._opened()
        for block, input, scale in scales:
            plan.set_scale(block, input, scale)

    def estimate(self, request: EstimateMemory) -> MemoryEstimate:
        """What opening the recipe would take, by a dry run of the same steps."""
        held = self._estimated.get(request.model_paths, request.recipe, lambda _: True)
        dry = OpenPlan(held, request.recipe, request.settings, self._should_stop)
        try:
            weights_bytes, kv_bytes, compute_bytes = dry.context.memory_bytes()
        finally:
            dry.close()
        # This process has now done all that the dry run does not simulate.
        return MemoryEstimate(weights_bytes, kv_bytes, compute_bytes, rss_bytes())

    def generate(self, request: Generate, tell: Tell) -> Reply:
        """Answers the conversation, or continues the raw prompt."""
        plan = self._opened()
        prompt = plan.prompt_tokens(request)
        n_ctx = plan.context.n_ctx
        if not prompt:
            raise EngineError("There is nothing to continue: the prompt is empty.")
        if len(prompt) >= n_ctx:
            raise EngineError(
                f"The prompt has {len(prompt)} tokens and the context holds {n_ctx}. "
                "Shorten the conversation or open the plan with a larger context."
            )
        started = time.monotonic()
        n_kept = plan.keep_prefix(prompt)
        n_evaluated = len(prompt) - n_kept
        text: list[str] = []
        n_generated = 0
        sampler = Sampler(request.sampling)
        prompted = answered = started
        try:
            self._read_prompt(plan, prompt[n_kept:], tell)
            prompted = answered = time.monotonic()
            pieces = PieceDecoder(plan.vocabulary)

            def say(piece: str) -> None:
                if piece:
                    text.append(piece)
                    tell(TextPiece(piece))

            stop_reason: StopReason = "length"
            while request.n_predict < 0 or n_generated < request.n_predict:
                token = sampler.sample(plan.context)
                if plan.vocabulary.is_end(token):
                    stop_reason = "end"
                    break
                n_generated += 1
                say(pieces.add(token))
                answered = time.monotonic()
                if len(plan.tokens) >= n_ctx:
                    stop_reason = "context_full"
                    break
                self._pause()
                plan.decode([token], n_logits=1)
            say(pieces.rest())
        except Aborted:
            stop_reason = "cancelled"
        finally:
            sampler.close()
        prompt_s = prompted - started
        return Reply(
            text="".join(text),
            n_prompt=len(prompt),
            n_prompt_evaluated=n_evaluated,
            n_generated=n_generated,
            prompt_tokens_per_s=n_evaluated / prompt_s if prompt_s else 0.0,
            tokens_per_s=(n_generated - 1) / (answered - prompted) if n_generated > 1 else 0.0,
            stop_reason=stop_reason,
            n_ctx_used=len(plan.tokens),
            seed=sampler.seed,
            plan_hash=plan.recipe.hash,
            peak_rss_bytes=peak_rss_bytes(),
        )

    def perplexity(self, text: str, tell: Tell) -> Perplexity:
        """Perplexity of the open plan on the text; the conversation is not touched."""
        plan = self._opened()
        tokens = plan.vocabulary.tokenize(text, add_special=True)
        if len(tokens) < 2:
            raise EngineError("The text is too short: nothing in it can be predicted.")
        context = plan.scoring_context()
        try:
            return score(
                context,
                plan.vocabulary,
                tokens,
                before_batch=self._pause,
                on_progress=lambda part: tell(Progress("Evaluating text", part)),
            )
        finally:
            context.close()

    def _read_prompt(self, plan: OpenPlan, tokens: list[int], tell: Tell) -> None:
        for at in range(0, len(tokens), N_BATCH):
            tell(Progress("Reading prompt", at / len(tokens)))
            self._pause()
            batch = tokens[at : at + N_BATCH]
            plan.decode(batch, n_logits=1 if at + N_BATCH >= len(tokens) else 0)

    def _pause(self) -> None:
        """Lets scales change, and stops where asked to. Raises Aborted."""
        self._between_decodes()
        if self._should_stop():
            raise Aborted

    def _report(self, tell: Tell, phase: str, fraction: float) -> bool:
        tell(Progress(phase, fraction))
        return not self._should_stop()

    def _opened(self) -> OpenPlan:
        if self._open is None:
            raise EngineError("No plan is open. Run the plan first.")
        return self._open

    def _close_plan(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None
