"""What jobs that measure plans end with: frozen, picklable records."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Perplexity:
    """Mean negative log likelihood over the predicted tokens (nats), and its exponential."""

    nll: float
    perplexity: float
    n_tokens: int
    tokens_per_s: float
    """Tokens read a second, those that are not predicted included."""
    is_short: bool = False
    """The text is shorter than the context, and was read as one piece."""


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """Two recipes' next-token distributions on one text, over the predicted tokens."""

    kl: float
    """Mean Kullback-Leibler divergence of the other's distributions from the first one's, nats."""
    top1_agreement: float
    """The share (0..1) of tokens for which both find the same one likeliest."""
    perplexity: float
    other_perplexity: float
    n_tokens: int
    tokens_per_s: float
    """Tokens read a second, by both one after the other."""
    is_short: bool = False
    """As for `Perplexity`."""


@dataclass(frozen=True, slots=True)
class LikelyToken:
    """A token that may come next. `piece` is its bytes, which may be part of a character."""

    token: int
    piece: bytes
    probability: float
    """0..1: the softmax of the logits, at temperature 1 and before any sampler."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a plan held of a token before it was said."""

    probability: float
    rank: int
    """1: the likeliest."""
    top: tuple[LikelyToken, ...]
    """The five likeliest."""


@dataclass(frozen=True, slots=True)
class PredictedToken:
    """A token of a reply as both plans predicted it."""

    token: int
    piece: bytes
    by_plan: Prediction
    by_other: Prediction


@dataclass(frozen=True, slots=True)
class PredictedReply:
    """A reply, token by token. The tokens are those of the finished text, which now and then are
    not cut as the model cut them when it spoke."""

    tokens: tuple[PredictedToken, ...]
    kl: float
    """As for `PlanDifference`, over the reply's tokens."""
    n_prompt: int
    """Tokens read before the reply's."""


@dataclass(frozen=True, slots=True)
class Influence:
    """Block Influence (ShortGPT): 1 - cosine similarity of the hidden state that enters a layer
    and the one that leaves it, averaged over tokens."""

    values: tuple[float, ...]
    """By weight layer number; 0: nothing is turned, 1: a right angle."""
    n_tokens: int
    tokens_per_s: float
    is_short: bool = False
    """As for `Perplexity`."""
