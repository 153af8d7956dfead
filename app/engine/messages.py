"""What crosses the pipe between the app and the engine process: frozen, picklable records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.engine.measuring.results import Influence, Perplexity, PlanDifference, PredictedReply
from app.memory.context_settings import ContextSettings
from app.memory.figures import MemoryEstimate
from app.plan.recipe import Recipe

# --- what the app asks for ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Open:
    """Load what the recipe borrows (or reuse what is loaded) and make its view and context.

    It takes the place of the plan that `slot` had. Plans of other slots stay open with their own
    conversations, unless the model files or `use_mmap` are others than theirs.
    """

    model_paths: tuple[str, ...]
    recipe: Recipe
    settings: ContextSettings = ContextSettings()
    slot: int = 0


@dataclass(frozen=True, slots=True)
class EstimateMemory:
    """Simulate `Open` without reading or allocating weights."""

    model_paths: tuple[str, ...]
    recipe: Recipe
    settings: ContextSettings = ContextSettings()


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn. An empty system message is sent as such; to send none, leave it out."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen, under llama.cpp's names; what is not said otherwise is off.

    `temperature` 0 is greedy; `seed` None draws one, which the reply then reports.
    """

    temperature: float = 0.7
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    seed: int | None = None
    typical_p: float = 1.0
    repeat_last_n: int = 64
    """How far back penalties look, in tokens, the prompt included; -1: the whole context."""
    repeat_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    dry_multiplier: float = 0.0
    dry_base: float = 1.75
    dry_allowed_length: int = 2
    xtc_probability: float = 0.0
    xtc_threshold: float = 0.1
    mirostat: int = 0
    """1 or 2: in place of top-k, top-p and the like."""
    mirostat_tau: float = 5.0
    mirostat_eta: float = 0.1
    logit_bias: tuple[tuple[str, float], ...] = ()
    """What is added to the logits of each token of a text; -inf forbids them."""
    grammar: str = ""
    """GBNF, or a JSON schema: only what it allows is said."""


WhenFull = Literal["stop", "slide", "summarise"]
"""What happens when the context is full: the reply stops there; or the oldest turns leave the
context, but never the system message; or the model puts a summary of its own in their place."""


@dataclass(frozen=True, slots=True)
class Generate:
    """Answer a conversation, or with `raw_prompt` continue a text without the chat template."""

    messages: tuple[ChatMessage, ...] = ()
    raw_prompt: str | None = None
    n_predict: int = -1
    """Tokens at most; -1: until the model ends or the context is full."""
    sampling: Sampling = Sampling()
    stop: tuple[str, ...] = ()
    """The reply ends before the first of these texts."""
    begun: str = ""
    """The answer so far, which goes on; it is not told again."""
    chat_template: str | None = None
    """One of `known_templates`, or a Jinja source of one's own; None: the model file's."""
    slot: int = 0
    """Of the open plan that answers."""
    reread: bool = True
    """After a change of scales the whole prompt is read anew. Otherwise what was read and said
    before stays in the KV cache as it was heard then."""
    when_full: WhenFull = "stop"
    """Also where the prompt alone is too large."""
    order: tuple[tuple[int, int, int], ...] = ()
    """In which pieces the prompt is to be read, as a reply told it; () in batches."""


@dataclass(frozen=True, slots=True)
class GenerateTogether:
    """Answer one conversation with several plans over one copy of the weights: a token of each in
    turn, all with the same seed.

    Each plan is opened in its slot unless it is open there already, and stays open. All that comes
    of it is told by `OfPlan`, the replies too.
    """

    plans: tuple[Open, ...]
    generate: Generate
    """Its `slot` does not count."""


@dataclass(frozen=True, slots=True)
class SetScales:
    """Merge scales of an open plan, from the same next decoded token on. Answered at once."""

    scales: tuple[tuple[int, int, float], ...]
    """Block, input and scale of each."""
    slot: int = 0


SCORING = ContextSettings(n_ctx=512)
"""How texts are read to be scored: in windows of that many tokens, as llama.cpp's tools do."""


@dataclass(frozen=True, slots=True)
class EvaluatePerplexity:
    """Perplexity of a recipe on a text. The open plan and its conversation stay as they are, and
    all weights that are loaded stay loaded."""

    model_paths: tuple[str, ...]
    recipe: Recipe
    text: str
    settings: ContextSettings = SCORING
    whole_windows: bool = False
    """Predict all tokens of a window, not only its second half: half the work for as many, but not
    comparable with llama.cpp's own tool."""


@dataclass(frozen=True, slots=True)
class ComparePlans:
    """How far the next-token distributions of `other` are from those of `recipe` on a text; what
    is open and loaded stays."""

    model_paths: tuple[str, ...]
    recipe: Recipe
    other: Recipe
    text: str
    settings: ContextSettings = SCORING
    other_paths: tuple[str, ...] | None = None
    """The other recipe's model files, loaded for as long as it takes; None: the same."""


@dataclass(frozen=True, slots=True)
class AskOtherPlan:
    """What `other` would have said at each token of a reply of `recipe`: both read it, neither
    generates; what is open and loaded stays.

    The context is made as large as the reading needs, `n_ctx` of the settings at most.
    """

    model_paths: tuple[str, ...]
    recipe: Recipe
    other: Recipe
    messages: tuple[ChatMessage, ...]
    """The conversation that the reply answers."""
    reply: str
    is_ended: bool = False
    """The model ended the reply: then its end is predicted like a token."""
    chat_template: str | None = None
    """As for `Generate`."""
    settings: ContextSettings = ContextSettings()


@dataclass(frozen=True, slots=True)
class MeasureInfluence:
    """How much each weight layer changes what passes through it, on a text; what is open and
    loaded stays.

    The layers of a source after the first are measured in their places in the first one.
    """

    model_paths: tuple[str, ...]
    text: str
    settings: ContextSettings = SCORING


@dataclass(frozen=True, slots=True)
class Bake:
    """Write the ordinary model file that the recipe stands for, or its static counterpart, in which
    layers that it merges are averaged; what is open and loaded stays."""

    model_paths: tuple[str, ...]
    recipe: Recipe
    out: str
    type_name: str | None = None
    """What averaged matrices are stored as; None: as the finest of them was."""
    max_part_bytes: int | None = None
    """Of the tensors in each part, where the file is to be split."""


@dataclass(frozen=True, slots=True)
class ClosePlan:
    """Free the context and the view of a slot, and the weights that no other open plan borrows;
    those of the last one stay, for the next."""

    slot: int


@dataclass(frozen=True, slots=True)
class Close:
    """Free all contexts, views and weights; the process stays."""


Request = (
    Open
    | EstimateMemory
    | Generate
    | GenerateTogether
    | SetScales
    | EvaluatePerplexity
    | ComparePlans
    | AskOtherPlan
    | MeasureInfluence
    | Bake
    | ClosePlan
    | Close
)

# --- what the engine tells on the way ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: `fraction` 0..1, `phase` in words ("Loading weights", "Processing prompt").

    Jobs that read a text tell their speed so far and the seconds that the rest will take at it;
    0 and None before the first batch.
    """

    phase: str
    fraction: float
    tokens_per_s: float = 0.0
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class TextPiece:
    """The next piece of a reply: whole characters, never half a UTF-8 sequence."""

    text: str


@dataclass(frozen=True, slots=True)
class ScalesMoved:
    """Merge scales changed between what was told before and what will be: the next token is the
    first that was computed with them."""

    scales: tuple[tuple[int, int, float, float], ...]
    """Block, input, the scale before and after, of each."""


@dataclass(frozen=True, slots=True)
class OfPlan:
    """What is told of one of several plans that answer together: that it is open, each piece of its
    reply, and the reply at its end."""

    at: int
    """The plan's place in the request."""
    event: OpenedPlan | TextPiece | Reply


# --- what a job ends with -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenedPlan:
    """The open plan as it runs. `default_system` is what the template sends when no system
    message is given, '' for nothing."""

    plan_hash: str
    model_name: str
    architecture: str
    n_ctx: int
    n_threads: int
    n_weight_layers: int
    load_ms: float
    view_ms: float
    has_chat_template: bool
    default_system: str
    rss_bytes: int
    context_bytes: int
    """KV cache, compute buffers and what else its context takes of main memory at most."""
    open_slots: tuple[int, ...]
    """The slots with an open plan now, its own among them."""


Earlier = Literal["as_now", "read_anew", "as_heard"]
"""What became of the prompt's tokens that the KV cache held from before: read at the same scales as
now, or at others and then evaluated again, or kept."""
StopReason = Literal["end", "stop_string", "length", "context_full", "cancelled"]


@dataclass(frozen=True, slots=True)
class ReplyStatistics:
    """How a reply went; speeds are tokens a second, 0 where nothing was timed."""

    plan_hash: str = ""
    """Of the recipe that it ended with."""
    seed: int | None = None
    n_prompt: int = 0
    n_prompt_evaluated: int = 0
    """Prompt tokens decoded now; the others were still in the KV cache."""
    n_generated: int = 0
    n_ctx_used: int = 0
    prompt_tokens_per_s: float = 0.0
    tokens_per_s: float = 0.0
    first_token_s: float = 0.0
    """Seconds from the request to the first token, 0 where none came."""
    stop_reason: str = ""
    """A StopReason; '' for a reply that has not come to its end."""
    n_left_out: int = 0
    """Messages that left the context, the oldest ones, the system message not counted."""
    summary: str = ""
    """Of those, as the model was told it in their place."""
    order: tuple[tuple[int, int, int], ...] = ()
    """In which pieces the prompt was read, what was read before included: see `reading_order`."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished reply."""

    text: str
    statistics: ReplyStatistics
    peak_rss_bytes: int
    earlier: Earlier = "as_now"


@dataclass(frozen=True, slots=True)
class Baked:
    """A model file that was written, or its parts in order."""

    files: tuple[str, ...]
    n_bytes: int
    n_layers: int
    n_averaged: int
    """Layers that are an average of several."""
    is_exact: bool
    """It computes what the plan does, to the bit."""
    peak_rss_bytes: int
    """What the process that wrote it has held at most."""


@dataclass(frozen=True, slots=True)
class Done:
    """An answer without content."""


Event = Progress | TextPiece | ScalesMoved | OfPlan
Result = (
    OpenedPlan
    | MemoryEstimate
    | Reply
    | Perplexity
    | PlanDifference
    | PredictedReply
    | Influence
    | Baked
    | Done
)
