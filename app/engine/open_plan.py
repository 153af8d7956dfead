"""An open plan: a view with its context, and the tokens in its KV cache."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import psutil

from app.engine.chat_template import ChatTemplate, TemplateError, apply_known, as_plain_text
from app.engine.errors import EngineError
from app.engine.known_templates import KNOWN_TEMPLATES, NO_TEMPLATE
from app.engine.messages import ContextSettings, Generate, OpenedPlan
from app.engine.native import Aborted, Context, NativeError, View, llama
from app.engine.process_memory import rss_bytes
from app.engine.thinking import opened_thought
from app.engine.vocabulary import Vocabulary
from app.engine.weights import HeldLayers
from app.plan.recipe import Recipe


class Prompt(NamedTuple):
    """What the model reads, and that of it which belongs to its reply: the tag that makes it
    think."""

    tokens: list[int]
    begins: str = ""


class OpenPlan:
    """A view with its context, and the tokens in its KV cache."""

    def __init__(
        self,
        held: HeldLayers,
        recipe: Recipe,
        settings: ContextSettings,
        should_stop: Callable[[], bool],
    ) -> None:
        self.recipe = recipe
        self.tokens: list[int] = []
        self.vocabulary = Vocabulary(held.bases[0].model)
        self.n_threads = settings.n_threads or default_n_threads()
        self._scales_changed = False
        self._view = View(held.bases, recipe, held.weight_layers)
        try:
            self.context = Context(
                self._view.model,
                n_ctx=settings.n_ctx,
                n_batch=settings.n_batch,
                n_logits=1,
                n_threads=self.n_threads,
                kv_type=settings.kv_type,
                flash_attention=settings.flash_attention,
                should_stop=should_stop,
            )
        except NativeError:
            self._view.close()
            raise
        self._why_no_template = ""
        self._template = self._read_template()
        self._default_system = self._template.default_system() if self._template else ""

    def describe(self, *, load_ms: float, view_ms: float) -> OpenedPlan:
        """What the app shows of the open plan."""
        model = self._view.model
        return OpenedPlan(
            plan_hash=self.recipe.hash,
            model_name=_metadata(model, "general.name"),
            architecture=_metadata(model, "general.architecture"),
            n_ctx=self.context.n_ctx,
            n_threads=self.n_threads,
            n_weight_layers=len(self.recipe.weight_layers),
            load_ms=load_ms,
            view_ms=view_ms,
            has_chat_template=self._template is not None,
            default_system=self._default_system,
            rss_bytes=rss_bytes(),
        )

    def prompt(self, request: Generate) -> Prompt:
        """The request's prompt as the model reads it."""
        if request.raw_prompt is not None:
            return Prompt(self.vocabulary.tokenize(request.raw_prompt, add_special=True))
        try:
            text, add_special = self._format(request)
        except TemplateError as error:
            raise EngineError(str(error)) from error
        opened = opened_thought(text)
        if request.begun:
            if opened and request.begun.startswith(opened.strip()):
                text = text.removesuffix(opened)
            text, opened = text + request.begun, ""
        return Prompt(self.vocabulary.tokenize(text, add_special=add_special), opened)

    def keep_prefix(self, prompt: list[int]) -> int:
        """Keeps what the KV cache shares with the prompt, and returns how many tokens that is.

        At least one token is left to evaluate. After a change of scales nothing is kept, so that
        the whole prompt is read at the present ones.
        """
        n = 0
        if not self._scales_changed:
            most = min(len(self.tokens), len(prompt) - 1)
            while n < most and self.tokens[n] == prompt[n]:
                n += 1
        self._scales_changed = False
        n = self.context.forget_from(n)
        del self.tokens[n:]
        return n

    def decode(self, tokens: list[int], n_logits: int) -> None:
        """Evaluates tokens that follow those in the KV cache."""
        try:
            self.context.decode(tokens, len(self.tokens), n_logits)
        except (Aborted, NativeError):
            del self.tokens[self.context.forget_from(len(self.tokens)) :]
            raise
        self.tokens += tokens

    def set_scale(self, block: int, input: int, scale: float) -> None:
        """Sets a merge scale, from the next decode on."""
        recipe = self.recipe.with_scale(block, input, scale)
        if recipe != self.recipe:
            self._view.set_scale(block, input, scale)
            self.recipe = recipe
            self._scales_changed = True

    def close(self) -> None:
        """Frees the context, then the view."""
        self.context.close()
        self._view.close()

    def _format(self, request: Generate) -> tuple[str, bool]:
        """The conversation as text, and whether BOS is to go before it: Jinja writes it itself."""
        choice, messages = request.chat_template, request.messages
        if choice == NO_TEMPLATE:
            return as_plain_text(messages), True
        if choice in KNOWN_TEMPLATES:
            text = apply_known(choice, messages)
            bos = self.vocabulary.special_text(self.vocabulary.bos)
            return text, not bos or not text.startswith(bos)
        if choice is not None:
            return self._compiled(choice, "Your chat template").render(messages), False
        if self._template is None:
            raise EngineError(self._why_no_template)
        return self._template.render(messages), False

    def _compiled(self, source: str, name: str) -> ChatTemplate:
        vocabulary = self.vocabulary
        return _chat_template(
            source,
            bos=vocabulary.special_text(vocabulary.bos),
            eos=vocabulary.special_text(vocabulary.eos),
            name=name,
        )

    def _read_template(self) -> ChatTemplate | None:
        source = llama.llama_model_chat_template(self._view.model, None)
        if not source:
            self._why_no_template = (
                "The model file has no chat template: it was made to continue texts, not to "
                "chat. Choose a template, or none for the raw mode, in the settings of replies "
                "(--chat-template or --raw on the command line)."
            )
            return None
        try:
            return self._compiled(source.decode(errors="replace"), "The model's chat template")
        except TemplateError as error:
            self._why_no_template = str(error)
            return None


_chat_template = lru_cache(maxsize=4)(ChatTemplate)
"""Compiled once for all plans over a file: it takes longer than making a view and a context."""


def default_n_threads() -> int:
    """One thread for each physical core that this process may use: more of them slow each other."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(usable or 1, psutil.cpu_count(logical=False) or usable or 1))


def _metadata(model: Any, key: str) -> str:
    value = ctypes.create_string_buffer(1024)
    n = llama.llama_model_meta_val_str(model, key.encode(), value, len(value))
    return value.value.decode(errors="replace") if n >= 0 else ""
