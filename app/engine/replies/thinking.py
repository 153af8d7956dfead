"""What a model thinks before it answers, told apart from the answer."""

from __future__ import annotations

from dataclasses import dataclass

_TAGS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
)


@dataclass(frozen=True, slots=True)
class Parts:
    """A reply's thought and its answer, without the tags; `thinks` while the thought has no end."""

    thought: str
    answer: str
    thinks: bool = False


def split_thinking(text: str) -> Parts:
    """A reply's parts. Only a thought at its beginning is one: elsewhere a tag is talked about."""
    start = text.lstrip()
    for opening, closing in _TAGS:
        if start.startswith(opening):
            thought, end, answer = start[len(opening) :].partition(closing)
            return Parts(thought.lstrip(), answer.lstrip() if end else "", not end)
    return Parts("", text)


def opened_thought(prompt: str) -> str:
    """The tag with which a prompt makes the model think, with what follows it; '' for none."""
    end = prompt.rstrip()
    for opening, _ in _TAGS:
        if end.endswith(opening):
            return prompt[len(end) - len(opening) :]
    return ""
