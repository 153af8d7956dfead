"""From places in a text to the same ones in what is shown of it as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import takewhile

_WORD = re.compile(r"\w+")
_FAR = 1000
"""Characters of marks between two words that are shown; a word beyond them is another one."""


def places_in(shown: str, text: str, places: Iterable[int]) -> list[int]:
    """Where in `shown` each of these places in `text`, in rising order, is."""
    words = _words_of_both(shown, text)
    found = []
    at_text = at_shown = 0
    word = next(words, None)
    for place in places:
        while word is not None and word[0] < place:
            n = min(word[2], place - word[0])
            at_text, at_shown = word[0] + n, word[1] + n
            if n < word[2]:
                break
            word = next(words, None)
        alike = zip(shown[at_shown:], text[at_text:place], strict=False)
        found.append(at_shown + sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], alike)))
    return found


def _words_of_both(shown: str, text: str) -> Iterator[tuple[int, int, int]]:
    """The words that are shown: where they begin in the text and as shown, and their length."""
    at = 0
    for match in _WORD.finditer(shown):
        word = match.group()
        begin = text.find(word, at, at + _FAR + len(word))
        if begin >= 0:
            yield begin, match.start(), len(word)
            at = begin + len(word)
