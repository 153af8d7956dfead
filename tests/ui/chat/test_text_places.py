"""Places in Markdown's source and in what is shown of it."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from app.ui.chat.message.scale_marks import places_in
from app.ui.chat.message.text import MessageText

TEXT = """# The sea

It is **wide** and [blue](https://example.org/blue) – *very* blue.

- one `word`
- two words

```python
def sail(ship):
    return ship
```

Then it ends 🚢 here."""


@pytest.mark.parametrize(
    ("before", "shown_before"),
    [
        ("", ""),
        ("# The", "The"),
        ("It is **wi", "It is wi"),
        ("**wide** and", "wide and"),
        ("– *very* bl", "– very bl"),
        ("- two", "two"),
        ("    return", "    return"),
        ("Then it ends 🚢 he", "Then it ends 🚢 he"),
        ("here.", "here."),
    ],
)
def test_a_place_is_found_in_what_is_shown(
    qapp: QApplication, before: str, shown_before: str
) -> None:
    view = MessageText()
    view.show_markdown(TEXT)
    shown = view.toPlainText()
    (place,) = places_in(shown, TEXT, [TEXT.index(before) + len(before)])
    assert shown[:place].endswith(shown_before)
    assert shown.index(shown_before) + len(shown_before) == place


def test_several_places_are_found_in_one_pass() -> None:
    text = "a **b** c and so on"
    assert places_in("a b c and so on", text, [1, 5, 9, 99]) == [1, 3, 5, 15]


def test_a_place_behind_what_is_shown_is_its_end() -> None:
    assert places_in("", "**", [2]) == [0]
    assert places_in("one", "one two", [7]) == [3]
