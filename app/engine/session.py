"""Loaded weights with the plans open over them: loading, generation, scales, memory. Engine process
only."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from app.engine.dry_run import DryRun
from app.engine.errors import EngineError
from app.engine.measuring.influence import PassedStates, chain, layers_in_order
from app.engine.measuring.other_plan import SaidReply, predictions
from app.engine.measuring.perplexity import difference, perplexity
from app.engine.measuring.results import (
    Influence,
    Perplexity,
    PlanDifference,
    PredictedReply,
)
from app.engine.measuring.scoring import Reading, Scored, TextPieces
from app.engine.messages import (
    AskOtherPlan,
    ComparePlans,
    EstimateMemory,
    EvaluatePerplexity,
    Generate,
    GenerateTogether,
    MeasureInfluence,
    OfPlan,
    Open,
    OpenedPlan,
    Progress,
    Reply,
    SetScales,
)
from app.engine.native import Aborted
from app.engine.open_plan import OpenPlan
from app.engine.process_memory import give_back_free, use_huge_pages
from app.engine.replies.generation import Generation, Tell
from app.engine.replies.together import generate_together
from app.engine.vocabulary import Vocabulary
from app.engine.weights import WeightLayers, Weights
from app.memory.context_settings import ContextSettings
from app.memory.figures import MemoryEstimate
from app.model_files.model_file import weight_layers_of
from app.plan.recipe import Recipe


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
        self._open: dict[int, OpenPlan] = {}
        """By slot."""
        use_huge_pages(False)

    def open(self, request: Open, tell: Tell) -> OpenedPlan:
        """Loads what the recipe borrows, unless it is loaded already, and makes its context, in
        place of the plan that its slot had. Other slots' plans stay open where they are over the
        same weights."""
        self._close_slot(request.slot)
        if not self._would_stay(request):
            self._close_plans()
        start_s = time.monotonic()
        tell(Progress("Loading weights", 0.0))
        weights = self._weights.get(
            request.model_paths,
            request.recipe,
            lambda part: self._report(tell, "Loading weights", part),
            beside=[plan.recipe for plan in self._open.values()],
            use_mmap=request.settings.use_mmap,
        )
        give_back_free()
        loaded_s = time.monotonic()
        plan = OpenPlan(weights, request.recipe, request.settings, self._should_stop)
        self._open[request.slot] = plan
        plan.context.commit()
        viewed_s = time.monotonic()
        return plan.describe(
            self._open, load_ms=(loaded_s - start_s) * 1e3, view_ms=(viewed_s - loaded_s) * 1e3
        )

    def close(self) -> None:
        """Frees contexts, views and weights."""
        self._close_plans()
        self._weights.close()
        self._dry_run.close()

    def close_plan(self, slot: int) -> None:
        """Frees context and view of a slot, if it has any, and the weights that no other open plan
        borrows. Those of the last one stay, for the next."""
        self._close_slot(slot)
        over = [p.recipe for p in self._open.values() if self._weights.are_under(p.weights)]
        if over:
            self._weights.keep_only(over)
        give_back_free()

    def set_scales(self, request: SetScales) -> None:
        """Sets merge scales of an open plan, from its next decode on."""
        plan = self._opened(request.slot)
        for block, input, scale in request.scales:
            plan.set_scale(block, input, scale)

    def estimate(self, request: EstimateMemory) -> MemoryEstimate:
        """What opening the recipe would take, by a dry run of the same steps."""
        return self._dry_run.estimate(request)

    def generate(self, request: Generate, tell: Tell) -> Reply:
        """Answers the conversation, or continues the raw prompt, with the plan of its slot."""
        generation = Generation(self._opened(request.slot), request, self._pause, tell)
        try:
            generation.read_prompt()
            while generation.step():
                pass
            return generation.reply()
        finally:
            generation.close()

    def generate_together(self, request: GenerateTogether, tell: Tell) -> None:
        """Answers the conversation with several plans, opened where they are not open as asked."""
        for at, opening in enumerate(request.plans):
            if not self._is_open(opening):
                self.open(opening, tell)
            description = self._open[opening.slot].describe(self._open, load_ms=0.0, view_ms=0.0)
            tell(OfPlan(at, description))
        plans = [self._opened(opening.slot) for opening in request.plans]
        generate_together(plans, request.generate, self._pause, tell)

    def perplexity(self, request: EvaluatePerplexity, tell: Tell) -> Perplexity:
        """Perplexity of the recipe on the text; the open plan is not touched."""
        weights = self._hold(request.model_paths, request.recipe, tell)
        text = TextPieces(
            Vocabulary(weights.bases[0].model),
            request.text,
            request.settings,
            whole_windows=request.whole_windows,
        )
        reading = self._reading("Evaluating text", text.n_tokens, tell)
        options = (weights, request.settings, text.n_logits, self._should_stop)
        with Scored(request.recipe, *options) as scores:
            return perplexity(scores, text, reading)

    def difference(self, request: ComparePlans, tell: Tell) -> PlanDifference:
        """How the other recipe predicts the text differently; the open plan is not touched."""
        if request.other_paths is None:
            weights = self._hold(request.model_paths, request.recipe, tell)
            weights = self._hold(request.model_paths, request.other, tell)
            return self._difference(request, weights, weights, tell)
        others = Weights()
        try:
            weights = self._hold(request.model_paths, request.recipe, tell)
            other_weights = self._hold(request.other_paths, request.other, tell, others)
            return self._difference(request, weights, other_weights, tell)
        finally:
            others.close()
            give_back_free()

    def _difference(
        self, request: ComparePlans, weights: WeightLayers, other_weights: WeightLayers, tell: Tell
    ) -> PlanDifference:
        text = _pieces(weights, request.text, request.settings)
        reading = self._reading("Comparing plans", 2 * text.n_tokens, tell)
        options = (request.settings, text.n_logits, self._should_stop)
        with (
            Scored(request.recipe, weights, *options) as first,
            Scored(request.other, other_weights, *options) as other,
        ):
            return difference(first, other, text, reading)

    def ask_other_plan(self, request: AskOtherPlan, tell: Tell) -> PredictedReply:
        """How both recipes predict the reply; open plans are not touched."""
        weights = self._hold(request.model_paths, request.recipe, tell)
        weights = self._hold(request.model_paths, request.other, tell)
        reply = SaidReply(weights.bases[0].model, request)
        reading = self._reading("Reading the reply", 2 * reply.n_decoded, tell)
        options = (weights, reply.settings, reply.n_logits, self._should_stop)
        with Scored(request.recipe, *options) as first, Scored(request.other, *options) as other:
            return predictions(first, other, reply, reading)

    def influence(self, request: MeasureInfluence, tell: Tell) -> Influence:
        """What each weight layer does to the hidden states of the text; the open plan is not
        touched."""
        models = self._weights.read(request.model_paths)
        sources = [at.source for at in weight_layers_of(models)]
        orders = [layers_in_order(models, source) for source in range(len(models))]
        for order in orders:
            weights = self._hold(request.model_paths, chain(order), tell)
        text = _pieces(weights, request.text, request.settings)
        reading = self._reading("Measuring influence", len(orders) * text.n_tokens, tell)
        values = [0.0] * len(sources)
        for source, order in enumerate(orders):
            states = PassedStates(len(order), models[0].n_embd)
            options = (weights, request.settings, 1, self._should_stop, states.on_tensor)
            with Scored(chain(order), *options) as scores:
                for batch in text:
                    reading.read(scores, batch, n_logits=0)
            for number, value in zip(order, states.influence(), strict=True):
                if sources[number] == source:
                    values[number] = value
        return Influence(tuple(values), text.n_tokens, reading.tokens_per_s, text.is_short)

    def _hold(
        self, paths: Sequence[str], recipe: Recipe, tell: Tell, weights: Weights | None = None
    ) -> WeightLayers:
        """Loads what of the recipe's layers is not loaded yet, beside all others."""
        return (weights or self._weights).add(
            paths, recipe, lambda part: self._report(tell, "Loading weights", part)
        )

    def _reading(self, phase: str, n_tokens: int, tell: Tell) -> Reading:
        return Reading(phase, n_tokens, self._pause, tell)

    def _pause(self) -> None:
        """Lets scales change, and stops where asked to. Raises Aborted."""
        self._between_decodes()
        if self._should_stop():
            raise Aborted

    def _report(self, tell: Tell, phase: str, fraction: float) -> bool:
        tell(Progress(phase, fraction))
        return not self._should_stop()

    def _is_open(self, opening: Open) -> bool:
        plan = self._open.get(opening.slot)
        return (
            plan is not None
            and self._would_stay(opening)
            and (plan.recipe, plan.settings) == (opening.recipe, opening.settings)
        )

    def _opened(self, slot: int) -> OpenPlan:
        if slot not in self._open:
            raise EngineError("No plan is open. Run the plan first.")
        return self._open[slot]

    def _would_stay(self, request: Open) -> bool:
        """Whether the plans that are open may stay beside one over the weights asked for."""
        paths, use_mmap = request.model_paths, request.settings.use_mmap
        over_these = all(self._weights.are_under(plan.weights) for plan in self._open.values())
        return over_these and self._weights.would_stay(paths, use_mmap)

    def _close_slot(self, slot: int) -> None:
        plan = self._open.pop(slot, None)
        if plan is not None:
            plan.close()

    def _close_plans(self) -> None:
        for slot in list(self._open):
            self._close_slot(slot)


def _pieces(weights: WeightLayers, text: str, settings: ContextSettings) -> TextPieces:
    return TextPieces(Vocabulary(weights.bases[0].model), text, settings)
