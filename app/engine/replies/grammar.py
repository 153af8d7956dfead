"""A grammar that a reply has to follow: asked about one token first, about all only where it must.

Looking at each token of the vocabulary takes longer than a small model takes for the next one
(llama.cpp: `common_sampler_sample`).
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from app.engine.errors import EngineError
from app.engine.native import Context, llama
from app.engine.vocabulary import Vocabulary
from app.plan.json_records import JsonError, parse

_ROOT = b"root"
_TOKEN = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class Grammar:
    """The state of a grammar in one reply."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        """`text` is GBNF, or a JSON schema. Raises EngineError for what cannot be read."""
        gbnf = _gbnf(text).encode()
        self._rules = llama.llama_sampler_init_grammar(vocabulary.handle, gbnf, _ROOT)
        if not self._rules:
            raise EngineError(
                "The grammar cannot be read. It must be GBNF with a rule “root”, or a JSON "
                "schema; the engine log says where reading stopped."
            )
        self._candidates = np.zeros(vocabulary.n_tokens, _TOKEN)
        self._one = np.zeros(1, _TOKEN)

    def sample(self, chain: Any, context: Context) -> int:
        """The token that the chain chooses among those that the grammar allows.

        Raises EngineError where it allows none.
        """
        token = self._choose(chain, context)
        if not self._allows(token):
            token = self._choose(chain, context, allowed_only=True)
            if not self._allows(token):
                raise EngineError(
                    "The grammar allows no token here: it is a dead end. Give it a way to "
                    "continue or to end."
                )
        llama.llama_sampler_accept(self._rules, token)
        llama.llama_sampler_accept(chain, token)
        return token

    def follow(self, begun: Sequence[int]) -> None:
        """Take in how the reply began. Raises EngineError where the grammar does not allow that."""
        for token in begun:
            if not self._allows(token):
                raise EngineError(
                    "The reply so far does not follow the grammar, so it cannot be continued "
                    "with it. Turn the grammar off, or regenerate the reply."
                )
            llama.llama_sampler_accept(self._rules, token)

    def close(self) -> None:
        """Frees the grammar."""
        llama.llama_sampler_free(self._rules)

    def _choose(self, chain: Any, context: Context, *, allowed_only: bool = False) -> int:
        candidates = self._candidates
        candidates["id"] = np.arange(len(candidates), dtype=np.int32)
        logits = llama.llama_get_logits_ith(context.handle, -1)
        candidates["logit"] = np.ctypeslib.as_array(logits, (len(candidates),))
        candidates["p"] = 0.0
        array = _array(candidates)
        if allowed_only:
            llama.llama_sampler_apply(self._rules, ctypes.byref(array))
        llama.llama_sampler_apply(chain, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def _allows(self, token: int) -> bool:
        self._one[0] = token, 1.0, 0.0
        array = _array(self._one)
        llama.llama_sampler_apply(self._rules, ctypes.byref(array))
        return bool(self._one["logit"][0] > -math.inf)


def _array(tokens: np.ndarray[Any, Any]) -> Any:
    """llama.cpp's view of these tokens, for as long as they live."""
    data = tokens.ctypes.data_as(llama.llama_token_data_p)
    return llama.llama_token_data_array(data=data, size=len(tokens), selected=-1, sorted=False)


def _gbnf(text: str) -> str:
    """The grammar itself, or the one that a JSON schema stands for."""
    if not text.lstrip().startswith("{"):
        return text
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    try:
        parse(text)
    except JsonError as error:
        raise EngineError(f"The JSON schema cannot be read. {error}") from error
    try:
        return str(json_schema_to_gbnf(text))
    except Exception as error:  # the converter raises whatever it stumbles over
        raise EngineError(f"The JSON schema cannot be converted to a grammar: {error}.") from error
