"""From a conversation to the tokens that the model reads, by the chat template asked for."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from app.engine.errors import EngineError
from app.engine.messages import Generate
from app.engine.native import llama
from app.engine.replies.chat_template import ChatTemplate, TemplateError, apply_known, as_plain_text
from app.engine.replies.known_templates import KNOWN_TEMPLATES, NO_TEMPLATE
from app.engine.replies.thinking import opened_thought
from app.engine.vocabulary import Vocabulary


class Prompt(NamedTuple):
    """What the model reads, and that of it which belongs to its reply: the tag that makes it
    think."""

    text: str
    tokens: list[int]
    begins: str = ""


class Prompts:
    """The prompts of a loaded model, for as long as it lives."""

    def __init__(self, model: Any, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._why_no_template = ""
        self._template = self._read_template(model)
        self.default_system = self._template.default_system() if self._template else ""
        """What the model's own template sends when no system message is given, '' for nothing."""

    @property
    def has_template(self) -> bool:
        """Whether the model file has a chat template that can be used."""
        return self._template is not None

    def of(self, request: Generate) -> Prompt:
        """The request's prompt as the model reads it. Raises EngineError where the template
        fails."""
        if request.raw_prompt is not None:
            return self._prompt(request.raw_prompt, "", add_special=True)
        try:
            text, add_special = self._format(request)
        except TemplateError as error:
            raise EngineError(str(error)) from error
        thought_start = opened_thought(text)
        if request.begun:
            if thought_start and request.begun.startswith(thought_start.strip()):
                text = text.removesuffix(thought_start)
            text, thought_start = text + request.begun, ""
        return self._prompt(text, thought_start, add_special=add_special)

    def _prompt(self, text: str, begins: str, *, add_special: bool) -> Prompt:
        return Prompt(text, self._vocabulary.tokenize(text, add_special=add_special), begins)

    def _format(self, request: Generate) -> tuple[str, bool]:
        """The conversation as text, and whether BOS is to go before it: Jinja writes it itself."""
        choice, messages = request.chat_template, request.messages
        if choice == NO_TEMPLATE:
            return as_plain_text(messages), True
        if choice in KNOWN_TEMPLATES:
            text = apply_known(choice, messages)
            bos = self._vocabulary.special_text(self._vocabulary.bos)
            return text, not bos or not text.startswith(bos)
        if choice is not None:
            return self._compiled(choice, "Your chat template").render(messages), False
        if self._template is None:
            raise EngineError(self._why_no_template)
        return self._template.render(messages), False

    def _compiled(self, source: str, name: str) -> ChatTemplate:
        vocabulary = self._vocabulary
        return _chat_template(
            source,
            bos=vocabulary.special_text(vocabulary.bos),
            eos=vocabulary.special_text(vocabulary.eos),
            name=name,
        )

    def _read_template(self, model: Any) -> ChatTemplate | None:
        source = llama.llama_model_chat_template(model, None)
        if not source:
            self._why_no_template = (
                "The model file has no chat template: it was made to continue text, not to "
                "chat. Choose a template, or none for raw mode, in Reply settings "
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
