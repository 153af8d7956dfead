"""What another plan would have said at each token of a reply: both read it, neither generates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from app.engine.errors import EngineError
from app.engine.measuring.perplexity import divergence, logits, room_for_a_row
from app.engine.measuring.results import (
    LikelyToken,
    PredictedReply,
    PredictedToken,
    Prediction,
)
from app.engine.measuring.scoring import Batch, Reading, Scored, batches, n_logits_at_once
from app.engine.messages import AskOtherPlan, Generate
from app.engine.replies.prompts import Prompts
from app.engine.vocabulary import Vocabulary

_N_TOP = 5
_END = -1
"""In place of a token: whichever of those that end a reply is the likeliest to its plan."""


class SaidReply:
    """A conversation and the reply to it as tokens, in batches of which the reply's are predicted.

    Raises EngineError where there is nothing to predict, or more to read than the context holds.
    """

    def __init__(self, model: Any, request: AskOtherPlan) -> None:
        self.vocabulary = Vocabulary(model)
        prompt, reply = _tokens(request, Prompts(model, self.vocabulary), self.vocabulary)
        if request.is_ended:
            reply.append(_END)
        if not prompt or not reply:
            raise EngineError("The reply has no text, so there is nothing to predict.")
        self._tokens = prompt + reply
        self.n_prompt = len(prompt)
        self.n_decoded = len(self._tokens) - 1
        """The last token is only predicted."""
        n_ctx = request.settings.n_ctx
        if self.n_decoded > n_ctx:
            raise EngineError(
                f"The conversation up to the end of this reply has {len(self._tokens):,} tokens "
                f"and the context holds {n_ctx:,}. Use a longer context and ask again."
            )
        n_batch = min(request.settings.n_batch, self.n_decoded)
        self.n_logits = n_logits_at_once(self.vocabulary, min(n_batch, len(reply)))
        self.settings = replace(request.settings, n_ctx=self.n_decoded, n_batch=n_batch)
        """Those of a context that just holds what is read."""

    def __iter__(self) -> Iterator[Batch]:
        return batches(self._tokens, self.n_prompt, self.settings.n_batch, self.n_logits)


def predictions(first: Scored, other: Scored, reply: SaidReply, reading: Reading) -> PredictedReply:
    """How both plans predict each token of the reply."""
    tokens: list[PredictedToken] = []
    kl = 0.0
    vocabulary, room = reply.vocabulary, room_for_a_row(first.context)
    for batch in reply:
        n = len(batch.targets)
        reading.read(first, batch, n)
        reading.read(other, batch, n)
        for row, other_row, token in zip(
            logits(first.context, n), logits(other.context, n), batch.targets, strict=True
        ):
            if token == _END:
                ends = filter(vocabulary.is_end, range(vocabulary.n_tokens))
                token = max(ends, key=row.__getitem__)
            at = divergence(row, other_row, room)
            kl += at.kl
            tokens.append(
                PredictedToken(
                    token,
                    vocabulary.piece(token, special=True),
                    _prediction(row, token, at.partition, vocabulary),
                    _prediction(other_row, token, at.other_partition, vocabulary),
                )
            )
    return PredictedReply(tuple(tokens), max(0.0, kl / len(tokens)), reply.n_prompt)


def _tokens(
    request: AskOtherPlan, prompts: Prompts, vocabulary: Vocabulary
) -> tuple[list[int], list[int]]:
    """The prompt's tokens and the reply's. They are tokenized together, as some vocabularies put a
    space before a text's beginning; apart where that would join the two, as the model did not."""
    ask = Generate(request.messages, chat_template=request.chat_template)
    _, prompt, begins = prompts.of(ask)
    whole = prompts.of(replace(ask, begun=request.reply)).tokens
    if whole[: len(prompt)] == prompt:
        return prompt, whole[len(prompt) :]
    reply = request.reply.removeprefix(begins)
    return prompt, vocabulary.tokenize(reply, add_special=False)


def _prediction(
    row: np.ndarray, token: int, partition: float, vocabulary: Vocabulary
) -> Prediction:
    """What logits, float32 np (n_vocab,), hold of a token."""
    top = np.argpartition(row, -_N_TOP)[-_N_TOP:]
    top = top[np.argsort(-row[top], kind="stable")]
    shares = np.exp(row[[token, *top]].astype(np.float64) - partition)
    likely = zip(top, shares[1:], strict=True)
    return Prediction(
        float(shares[0]),
        1 + int((row > row[token]).sum()),
        tuple(LikelyToken(int(t), vocabulary.piece(t, special=True), float(p)) for t, p in likely),
    )
