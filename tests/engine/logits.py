"""Logits of a recipe over a base, in this process."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.engine.native import Base, Context, View, llama
from app.memory.context_settings import ContextSettings
from app.plan.recipe import Recipe
from tests.engine.unpatched import Batch

N_THREADS = 1


def logits_of(base: Base, recipe: Recipe, tokens: Sequence[int]) -> np.ndarray:
    """float32 np (2, n_vocab), as `unpatched_logits`."""
    return logits_of_view(View([base], recipe), tokens)


def logits_of_view(view: View, tokens: Sequence[int]) -> np.ndarray:
    """As above; the view is closed."""
    return logits_in_batches(view, ((tokens[:-1], 1), (tokens[-1:], 1)))


def logits_in_batches(view: View, batches: Sequence[Batch]) -> np.ndarray:
    """float32 np (n_logits, n_vocab): those of all the batches, decoded one after the other. The
    view is closed."""
    context = new_context(view)
    rows = []
    position = 0
    for tokens, n_logits in batches:
        context.decode(tokens, position, n_logits)
        rows.append(read_logits(context, n_logits))
        position += len(tokens)
    context.close()
    view.close()
    return np.concatenate(rows)


def new_context(view: View) -> Context:
    """A context as the unpatched library's."""
    return Context(view.model, ContextSettings(512, N_THREADS), n_logits=512)


def read_logits(context: Context, n: int = 1) -> np.ndarray:
    """float32 np (n, n_vocab): the last decode's."""
    n_vocab = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(context.model))
    return np.ctypeslib.as_array(llama.llama_get_logits(context.handle), (n, n_vocab)).copy()
