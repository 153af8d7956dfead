"""What a search popup lists, and how well typed letters fit it: they occur in the name in order,
best at the starts of words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

_LETTER, _WORD_START, _NEXT = 1.0, 4.0, 4.5
_OTHER_NAME = 0.9
_BREVITY = 0.01


@dataclass(frozen=True, slots=True)
class Entry:
    """A line: what it is called, what it does, and what happens when it is chosen. `also` are other
    words it is found by; `key` is its shortcut, if it has one."""

    title: str
    sentence: str
    icon: str
    run: Callable[[], object]
    key: str = ""
    also: tuple[str, ...] = ()


T = TypeVar("T", bound=Entry)


def ranked(entries: Iterable[T], text: str) -> list[T]:
    """The entries that the typed letters fit, best first; all of them, as they are, for none."""
    fits = [(_fit_of(entry, text), entry) for entry in entries]
    matches = [(fit, entry) for fit, entry in fits if fit is not None]
    return [entry for _, entry in sorted(matches, key=lambda pair: -pair[0])]


def fit(text: str, name: str) -> float | None:
    """How well the letters fit the name, the more the better; None when they do not.

    Letters that start a word or follow the one before count most, and a short name more than a
    long one. Case and spaces do not count.
    """
    letters, name = "".join(text.casefold().split()), name.casefold()
    if not letters:
        return 0.0
    if not _occurs(letters, name):
        return None
    starts = [at == 0 or not name[at - 1].isalnum() for at in range(len(name))]
    best: Sequence[float | None] = [None] * len(name)
    for n, letter in enumerate(letters):
        row: list[float | None] = [None] * len(name)
        best_here = 0.0 if n == 0 else None
        for at, other in enumerate(name):
            if other == letter and best_here is not None:
                before = best[at - 1] if at else None
                bonus = _WORD_START if starts[at] else _LETTER
                row[at] = max(best_here + bonus, 0.0 if before is None else before + _NEXT)
            if (best_before := best[at]) is not None:
                best_here = best_before if best_here is None else max(best_here, best_before)
        best = row
    scores = [score for score in best if score is not None]
    return max(scores) - _BREVITY * len(name) if scores else None


def _fit_of(entry: Entry, text: str) -> float | None:
    fits = [fit(text, entry.title)]
    fits += [None if f is None else f * _OTHER_NAME for f in (fit(text, a) for a in entry.also)]
    matches = [f for f in fits if f is not None]
    return max(matches) if matches else None


def _occurs(letters: str, name: str) -> bool:
    rest = iter(name)
    return all(letter in rest for letter in letters)
