"""Stop strings, in whatever pieces they come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.engine.replies.stop_strings import StopStrings

TEXTS = st.text("ab", max_size=12)


@given(st.lists(TEXTS), st.lists(st.text("ab", min_size=1, max_size=4), max_size=3))
def test_the_text_ends_before_the_first_stop_string_however_it_is_cut(
    pieces: list[str], stops: list[str]
) -> None:
    stopper = StopStrings(stops)
    shown = []
    for piece in pieces:
        shown.append(stopper.add(piece))
        said = "".join(shown)
        assert not any(stop in said for stop in stops)
    whole = "".join(pieces)
    ends = [whole.find(stop) for stop in stops if stop in whole]
    assert stopper.found == bool(ends)
    if stopper.found:
        assert whole.startswith("".join(shown))
        assert len("".join(shown)) <= min(ends)
    else:
        assert "".join(shown) + stopper.rest() == whole


def test_what_cannot_begin_a_stop_string_is_not_held_back() -> None:
    stopper = StopStrings(["</end>"])
    assert stopper.add("one < two <") == "one < two "
    assert stopper.add("/") == ""
    assert stopper.add("b>") == "</b>"
    assert stopper.add(" <") == " "
    assert stopper.add("/end> more") == ""
    assert stopper.found and stopper.add("more") == "" and stopper.rest() == ""


def test_an_empty_stop_string_stops_nothing() -> None:
    stopper = StopStrings([""])
    assert stopper.add("text") == "text"
