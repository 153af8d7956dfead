"""A loaded model with one open plan: loading, generation, scales, memory. Engine process only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from app.engine.dry_run import DryRun
from app.engine.errors import EngineError
from app.engine.influence import PassedStates, chain, layers_in_order
from app.engine.messages import (
    ComparePlans,
    ContextSettings,
    EstimateMemory,
    EvaluatePerplexity,
    Generate,
    Influence,
    MeasureInfluence,
    MemoryEstimate,
    Open,
    OpenedPlan,
    Perplexity,
    PlanDifference,
    Progress,
    Reply,
    StopReason,
    TextPiece,
)
from app.engine.native import Aborted
from app.engine.open_plan import OpenPlan
from app.engine.perplexity import difference, perplexity
from app.engine.process_memory import (
    give_back_free,
    peak_rss_bytes,
    use_huge_pages,
)
from app.engine.sampling import Sampler
from app.engine.scoring import Reading, Scored, TextPieces
from app.engine.stop_strings import StopStrings
from app.engine.vocabulary import PieceDecoder, Vocabulary
from app.engine.weights import HeldLayers, Weights
from app.model_files.model_file import weight_layers_of
from app.plan.recipe import Recipe

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
        self._dry_run = DryRun(should_stop)
        self._open: OpenPlan | None = None
        use_huge_pages(False)

    def open(self, request: Open, tell: Tell) -> OpenedPlan:
        """Loads what the recipe borrows, unless it is loaded already, and makes its context."""
        self._close_plan()
        started = time.monotonic()
        tell(Progress("Loading weights", 0.0))
        held = self._weights.get(
            request.model_paths,
            request.recipe,
            lambda part: self._report(tell, "Loading weights", part),
            use_mmap=request.settings.use_mmap,
        )
        give_back_free()
        loaded = time.monotonic()
        self._open = OpenPlan(held, request.recipe, request.settings, self._should_stop)
        self._open.context.commit()
        viewed = time.monotonic()
        return self._open.describe(
            load_ms=(loaded - started) * 1e3, view_ms=(viewed - loaded) * 1e3
        )

    def close(self) -> None:
        """Frees context, view and weights."""
        self._close_plan()
        self._weights.close()
        self._dry_run.close()

    def set_scales(self, scales: Iterable[tuple[int, int, float]]) -> None:
        """Sets merge scales of the open plan (block, input, scale), from the next decode on."""
        plan = self._opened()
        for block, input, scale in scales:
            plan.set_scale(block, input, scale)

    def estimate(self, request: EstimateMemory) -> MemoryEstimate:
        """What opening the recipe would take, by a dry run of the same steps."""
        return self._dry_run.estimate(request)

    def generate(self, request: Generate, tell: Tell) -> Reply:
        """Answers the conversation, or continues the raw prompt."""
        plan = self._opened()
        prompt, begins = plan.prompt(request)
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
        sampler = Sampler(request.sampling, plan.vocabulary, n_ctx, prompt, request.begun)
        stop = StopStrings(request.stop)
        pieces = PieceDecoder(plan.vocabulary)
        prompted = answered = started
        stop_reason: StopReason = "length"

        def say(piece: str) -> None:
            if piece:
                text.append(piece)
                tell(TextPiece(piece))

        try:
            self._read_prompt(plan, prompt[n_kept:], tell)
            prompted = answered = time.monotonic()
            say(begins)
            while request.n_predict < 0 or n_generated < request.n_predict:
                token = sampler.sample(plan.context)
                if plan.vocabulary.is_end(token):
                    stop_reason = "end"
                    break
                n_generated += 1
                say(stop.add(pieces.add(token)))
                answered = time.monotonic()
                if stop.found:
                    stop_reason = "stop_string"
                    break
                if len(plan.tokens) >= n_ctx:
                    stop_reason = "context_full"
                    break
                self._pause()
                plan.decode([token], n_logits=1)
        except Aborted:
            stop_reason = "cancelled"
        finally:
            sampler.close()
        say(stop.add(pieces.rest()) + stop.rest())
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

    def perplexity(self, request: EvaluatePerplexity, tell: Tell) -> Perplexity:
        """Perplexity of the recipe on the text; the open plan is not touched."""
        held = self._hold(request.model_paths, request.recipe, tell)
        text = TextPieces(
            Vocabulary(held.bases[0].model),
            request.text,
            request.settings,
            whole_windows=request.whole_windows,
        )
        reading = self._reading("Evaluating text", text.n_tokens, tell)
        made = (held, request.settings, text.n_logits, self._should_stop)
        with Scored(request.recipe, *made) as scored:
            return perplexity(scored, text, reading)

    def difference(self, request: ComparePlans, tell: Tell) -> PlanDifference:
        """How the other recipe predicts the text differently; the open plan is not touched."""
        held = self._hold(request.model_paths, request.recipe, tell)
        held = self._hold(request.model_paths, request.other, tell)
        text = _pieces(held, request.text, request.settings)
        reading = self._reading("Comparing plans", 2 * text.n_tokens, tell)
        made = (held, request.settings, text.n_logits, self._should_stop)
        with Scored(request.recipe, *made) as first, Scored(request.other, *made) as other:
            return difference(first, other, text, reading)

    def influence(self, request: MeasureInfluence, tell: Tell) -> Influence:
        """What each weight layer does to the hidden states of the text; the open plan is not
        touched."""
        models = self._weights.read(request.model_paths)
        sources = [at.source for at in weight_layers_of(models)]
        orders = [layers_in_order(models, source) for source in range(len(models))]
        for order in orders:
            held = self._hold(request.model_paths, chain(order), tell)
        text = _pieces(held, request.text, request.settings)
        reading = self._reading("Measuring influence", len(orders) * text.n_tokens, tell)
        values = [0.0] * len(sources)
        for source, order in enumerate(orders):
            passed = PassedStates(len(order), models[0].n_embd)
            made = (held, request.settings, 1, self._should_stop, passed.on_tensor)
            with Scored(chain(order), *made) as scored:
                for batch in text:
                    reading.read(scored, batch, n_logits=0)
            for number, value in zip(order, passed.influence(), strict=True):
                if sources[number] == source:
                    values[number] = value
        return Influence(tuple(values), text.n_tokens, reading.tokens_per_s, text.is_short)

    def _hold(self, paths: Sequence[str], recipe: Recipe, tell: Tell) -> HeldLayers:
        """Loads what of the recipe's layers is not loaded yet, beside all others."""
        return self._weights.get(
            paths,
            recipe,
            lambda part: self._report(tell, "Loading weights", part),
            keep_others=True,
        )

    def _reading(self, phase: str, n_tokens: int, tell: Tell) -> Reading:
        return Reading(phase, n_tokens, self._pause, tell)

    def _read_prompt(self, plan: OpenPlan, tokens: list[int], tell: Tell) -> None:
        n_batch = plan.context.n_batch
        for at in range(0, len(tokens), n_batch):
            tell(Progress("Reading prompt", at / len(tokens)))
            self._pause()
            batch = tokens[at : at + n_batch]
            plan.decode(batch, n_logits=1 if at + n_batch >= len(tokens) else 0)

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


def _pieces(held: HeldLayers, text: str, settings: ContextSettings) -> TextPieces:
    return TextPieces(Vocabulary(held.bases[0].model), text, settings)
