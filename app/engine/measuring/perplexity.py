"""Perplexity of a plan on a text, and the difference between two plans' predictions."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from app.engine.measuring.results import Perplexity, PlanDifference
from app.engine.measuring.scoring import Reading, Scored, TextPieces
from app.engine.native import Context, llama


def perplexity(plan_scores: Scored, text: TextPieces, reading: Reading) -> Perplexity:
    """Perplexity over the text's predicted tokens."""
    nll, n_scored = 0.0, 0
    room = room_for_a_row(plan_scores.context)
    for batch in text:
        reading.read(plan_scores, batch, len(batch.targets))
        rows = logits(plan_scores.context, len(batch.targets))
        for row, target in zip(rows, batch.targets, strict=True):
            nll += log_partition(row, room) - float(row[target])
        n_scored += len(batch.targets)
    mean = nll / n_scored
    return Perplexity(mean, _exponential(mean), n_scored, reading.tokens_per_s, text.is_short)


def difference(first: Scored, other: Scored, text: TextPieces, reading: Reading) -> PlanDifference:
    """How the second plan's distributions differ from the first one's."""
    kl = first_nll = other_nll = 0.0
    n_agreed = n_scored = 0
    room = room_for_a_row(first.context)
    for batch in text:
        n = len(batch.targets)
        reading.read(first, batch, n)
        reading.read(other, batch, n)
        for row, other_row, target in zip(
            logits(first.context, n), logits(other.context, n), batch.targets, strict=True
        ):
            at = divergence(row, other_row, room)
            first_nll += at.partition - float(row[target])
            other_nll += at.other_partition - float(other_row[target])
            kl += at.kl
            n_agreed += int(row.argmax() == other_row.argmax())
        n_scored += n
    return PlanDifference(
        kl=max(0.0, kl / n_scored),
        top1_agreement=n_agreed / n_scored,
        perplexity=_exponential(first_nll / n_scored),
        other_perplexity=_exponential(other_nll / n_scored),
        n_tokens=n_scored,
        tokens_per_s=reading.tokens_per_s,
        is_short=text.is_short,
    )


class Divergence(NamedTuple):
    """The log partitions of two rows of logits, and the Kullback-Leibler divergence of the other's
    distribution from the first one's, nats."""

    partition: float
    other_partition: float
    kl: float


def divergence(row: np.ndarray, other_row: np.ndarray, room: np.ndarray) -> Divergence:
    """How far two rows of logits, float32 np (n_vocab,), are from each other; `room` as for
    `log_partition`."""
    other_partition = log_partition(other_row, room)
    partition = log_partition(row, room)  # leaves the first one's shares there
    gap = float(np.dot(room, row - other_row)) / float(room.sum(dtype=np.float64))
    return Divergence(partition, other_partition, gap - partition + other_partition)


def logits(context: Context, n_rows: int) -> np.ndarray:
    """float32 np (n_rows, n_vocab): the last decode's, valid until the next one."""
    n_vocab = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(context.model))
    if not n_rows:
        return np.empty((0, n_vocab), np.float32)
    return np.ctypeslib.as_array(llama.llama_get_logits(context.handle), (n_rows, n_vocab))


def room_for_a_row(context: Context) -> np.ndarray:
    """float32 np (n_vocab,) for `log_partition` to work in: new memory for each row would cost as
    much again."""
    return np.empty(logits(context, 0).shape[1], np.float32)


def log_partition(row: np.ndarray, room: np.ndarray) -> float:
    """log sum exp of float32 logits, np (n_vocab,), with the sum in double. The likelihoods are
    left in `room`, up to a factor."""
    peak = row.max()
    np.exp(np.subtract(row, peak, out=room), out=room)
    return float(peak) + math.log(float(room.sum(dtype=np.float64)))


def _exponential(nll: float) -> float:
    return math.exp(nll) if nll < 700 else math.inf
