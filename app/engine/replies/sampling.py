"""Choosing the next token: llama.cpp's sampler chain, made from the user's settings."""

from __future__ import annotations

import ctypes
import random
from collections.abc import Sequence
from typing import Any

from app.engine.messages import Sampling
from app.engine.native import Context, llama
from app.engine.replies.grammar import Grammar
from app.engine.vocabulary import Vocabulary

_SEQUENCE_BREAKERS = (b"\n", b":", b'"', b"*")
_MIROSTAT_M = 100


def seed_for(settings: Sampling) -> int:
    """Their seed, drawn where they leave it open."""
    return random.getrandbits(31) if settings.seed is None else settings.seed


class Sampler:
    """A sampler chain; `seed` is the one in use, drawn where the settings leave it open."""

    def __init__(
        self,
        settings: Sampling,
        vocabulary: Vocabulary,
        n_ctx: int,
        prompt: Sequence[int],
        begun: str = "",
    ) -> None:
        """`prompt` is what penalties see before the first token, `begun` how the reply began.
        Raises EngineError for a grammar that cannot be read or does not allow that."""
        self.seed = seed_for(settings)
        self._vocabulary = vocabulary
        self._prompt = prompt
        self._grammar: Grammar | None = None
        self._chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
        try:
            self._fill(settings, n_ctx)
            if settings.grammar.strip():
                self._grammar = Grammar(settings.grammar, vocabulary)
                self._grammar.follow(vocabulary.tokenize(begun, add_special=False))
        except BaseException:
            self.close()
            raise

    def sample(self, context: Context) -> int:
        """The token that follows the last one decoded. Raises EngineError where the grammar allows
        none."""
        if self._grammar is not None:
            return self._grammar.sample(self._chain, context)
        return int(llama.llama_sampler_sample(self._chain, context.handle, -1))

    @staticmethod
    def bytes(n_tokens: int) -> int:
        """What choosing one of that many tokens takes."""
        return n_tokens * ctypes.sizeof(llama.llama_token_data)

    def close(self) -> None:
        """Frees the chain and the grammar."""
        llama.llama_sampler_free(self._chain)
        if self._grammar is not None:
            self._grammar.close()

    def _fill(self, settings: Sampling, n_ctx: int) -> None:
        """Adds the samplers in llama.cpp's usual order (common/sampling.cpp)."""
        if settings.logit_bias:
            self._add(self._logit_bias(settings.logit_bias))
        self._add_penalties(settings, n_ctx)
        seed = self.seed & 0xFFFFFFFF
        if settings.temperature <= 0:
            self._add(llama.llama_sampler_init_greedy())
            return
        if settings.mirostat:
            self._add(llama.llama_sampler_init_temp(settings.temperature))
            tau_eta = settings.mirostat_tau, settings.mirostat_eta
            if settings.mirostat == 1:
                n_vocab = self._vocabulary.n_tokens
                sampler = llama.llama_sampler_init_mirostat(n_vocab, seed, *tau_eta, _MIROSTAT_M)
            else:
                sampler = llama.llama_sampler_init_mirostat_v2(seed, *tau_eta)
            self._add(sampler)
            return
        self._add(llama.llama_sampler_init_top_k(settings.top_k))
        if settings.typical_p < 1:
            self._add(llama.llama_sampler_init_typical(settings.typical_p, 1))
        self._add(llama.llama_sampler_init_top_p(settings.top_p, 1))
        self._add(llama.llama_sampler_init_min_p(settings.min_p, 1))
        if settings.xtc_probability > 0:
            chance = settings.xtc_probability, settings.xtc_threshold
            self._add(llama.llama_sampler_init_xtc(*chance, 1, seed))
        self._add(llama.llama_sampler_init_temp(settings.temperature))
        self._add(llama.llama_sampler_init_dist(seed))

    def _add_penalties(self, settings: Sampling, n_ctx: int) -> None:
        last_n = n_ctx if settings.repeat_last_n < 0 else settings.repeat_last_n
        penalties = (
            settings.repeat_penalty,
            settings.frequency_penalty,
            settings.presence_penalty,
        )
        if penalties != (1.0, 0.0, 0.0) and last_n:
            n_vocab = self._vocabulary.n_tokens
            self._add_seeing(llama.llama_sampler_init_penalties(n_vocab, last_n, *penalties))
        if settings.dry_multiplier > 0:
            breakers = (ctypes.c_char_p * len(_SEQUENCE_BREAKERS))(*_SEQUENCE_BREAKERS)
            dry = llama.llama_sampler_init_dry(
                self._vocabulary.handle,
                settings.dry_multiplier,
                settings.dry_base,
                settings.dry_allowed_length,
                n_ctx,
                breakers,
                len(breakers),
            )
            self._add_seeing(dry)

    def _logit_bias(self, biases: Sequence[tuple[str, float]]) -> Any:
        tokens = {
            token: bias
            for text, bias in biases
            for token in self._vocabulary.tokenize(text, add_special=False)
        }
        array = (llama.llama_logit_bias * len(tokens))(
            *(llama.llama_logit_bias(token=token, bias=bias) for token, bias in tokens.items())
        )
        return llama.llama_sampler_init_logit_bias(self._vocabulary.n_tokens, len(array), array)

    def _add_seeing(self, sampler: Any) -> None:
        """Adds a sampler that looks back, also at the prompt."""
        for token in self._prompt:
            llama.llama_sampler_accept(sampler, token)
        self._add(sampler)

    def _add(self, sampler: Any) -> None:
        llama.llama_sampler_chain_add(self._chain, sampler)
