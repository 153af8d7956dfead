"""What plans without some layers score on a text, each measured once, and how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.engine.measuring.results import Perplexity
from app.engine.messages import EvaluatePerplexity, Event, Progress
from app.fit.errors import TextError
from app.fit.leaving_out import without
from app.fit.measuring import Run, influence_of, paths_of, require_unchanged
from app.fit.search import LayerSet
from app.fit.texts import sample_of
from app.memory.context_settings import ContextSettings
from app.model_files.model_file import ModelFile
from app.plan.recipe import Recipe

_WINDOW = 512
_SAMPLE_TOKENS = 1024
"""What a plan is first judged by, taken from all over the text."""
_MOST_TOKENS = 8192
_LEAST_TOKENS = 256
_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class FitProgress:
    """How far it is: plans tried and about how many there will be, and the seconds that are left.

    `fraction` 0..1; `tokens_per_s` 0 and `seconds_left` None before the first measurement.
    """

    phase: str
    fraction: float
    n_tried: int = 0
    tokens_per_s: float = 0.0
    seconds_left: float | None = None


class Scores:
    """Measures a recipe without some layers. `run` is an engine that loads the model."""

    def __init__(
        self,
        models: Sequence[ModelFile],
        recipe: Recipe,
        text: str,
        settings: ContextSettings,
        run: Run,
        tell: Callable[[FitProgress], None],
    ) -> None:
        self._models = models
        self._recipe = recipe
        self._run = run
        self._tell = tell
        n_ctx = min(_WINDOW, models[0].n_ctx_train or _WINDOW)
        self._settings = replace(settings, n_ctx=n_ctx, n_batch=n_ctx)
        self._influence_text = text
        most_characters = _MOST_TOKENS * _CHARACTERS_PER_TOKEN
        self._text = sample_of(text, round(len(text) / most_characters))
        self._sample = self._text
        self.measured: dict[LayerSet, float] = {}
        """Mean negative log likelihood (nats) on all of the text."""
        self._samples: dict[LayerSet, float] = {}
        self._n_expected = 1
        self._seconds = 0.0

    @property
    def n_tried(self) -> int:
        """Evaluations done."""
        return len(self.measured) + len(self._samples)

    @property
    def tried_per_minute(self) -> float:
        """Evaluations a minute of measuring."""
        return self.n_tried * 60 / self._seconds if self._seconds else 0.0

    def expect(self, n: int) -> None:
        """Sets how many evaluations there will be, about."""
        self._n_expected = n

    async def influence(self) -> Sequence[float]:
        """Block Influence by weight layer."""
        on_event = self._forward("Measuring influence")
        influence = await influence_of(self._models, self._influence_text, self._run, on_event)
        return influence.values

    async def on_all(self, left_out: LayerSet) -> float:
        """Mean negative log likelihood without these layers on the text.

        Raises TextError for one that is too short to tell plans apart.
        """
        if left_out not in self.measured:
            is_first = not self.measured
            result = await self._evaluate(left_out, self._text)
            if is_first:
                if result.n_tokens < _LEAST_TOKENS:
                    raise TextError(
                        f"The text is too short to compare plans: {result.n_tokens} of its "
                        f"tokens can be predicted; at least {_LEAST_TOKENS} are needed."
                    )
                self._sample = sample_of(self._text, round(result.n_tokens / _SAMPLE_TOKENS))
            self.measured[left_out] = result.nll
        return self.measured[left_out]

    async def on_sample(self, left_out: LayerSet) -> float:
        """The same on a sample of the text, where it is long enough for one."""
        if self._sample == self._text:
            return await self.on_all(left_out)
        if left_out not in self._samples:
            self._samples[left_out] = (await self._evaluate(left_out, self._sample)).nll
        return self._samples[left_out]

    async def _evaluate(self, left_out: LayerSet, text: str) -> Perplexity:
        recipe = without(self._recipe, left_out)
        request = EvaluatePerplexity(
            paths_of(self._models), recipe, text, self._settings, whole_windows=True
        )
        start_s = time.monotonic()
        result = await self._run(request, self._forward("Trying plans"))
        assert isinstance(result, Perplexity)
        self._seconds += time.monotonic() - start_s
        require_unchanged(self._models)
        return result

    def _forward(self, phase: str) -> Callable[[Event], None]:
        """Tells how far all is when the engine tells how far its part is."""

        def on_event(event: Event) -> None:
            if isinstance(event, Progress):
                n_done = self.n_tried + (event.fraction if event.tokens_per_s else 0.0)
                n_left = max(self._n_expected - n_done, 0.0)
                left = n_left * 60 / self.tried_per_minute if self.n_tried else event.seconds_left
                fraction = n_done / max(self._n_expected, self.n_tried + 1)
                words = phase if event.tokens_per_s else event.phase
                self._tell(FitProgress(words, fraction, self.n_tried, event.tokens_per_s, left))

        return on_event
