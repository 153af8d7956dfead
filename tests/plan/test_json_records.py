"""Records out of JSON: in full, or said in words; else what suits of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Literal

import msgspec
import pytest

from app.plan.json_records import JsonError, lenient_record, parse, strict_record, valid_entries


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Size:
    width: float = 1.0
    height: float = 1.0


@dataclass(frozen=True, slots=True)
class Shape:
    name: Annotated[str, msgspec.Meta(min_length=1)] = "shape"
    size: Size = field(default_factory=Size)
    corners: tuple[Size, ...] = ()
    tags: tuple[str, ...] = ()
    point: tuple[int, int] = (0, 0)
    colour: Colour = Colour.RED
    side: Literal["left", "right"] = "left"
    depth: int | None = None
    is_open: bool = False
    year: Annotated[float, msgspec.Meta(ge=0, le=3000, description="a year of our time")] = 0.0


@dataclass(frozen=True, slots=True)
class Drawing:
    shapes: tuple[Shape, ...]


WHOLE = {
    "name": "a",
    "size": {"width": 2, "height": 3.5},
    "corners": [{"width": 4.0}],
    "tags": ["x"],
    "point": [1, 2],
    "colour": "blue",
    "side": "right",
    "depth": 7,
    "is_open": True,
    "year": 1999,
    "of another version": 1,
}
SHAPE = Shape(
    "a", Size(2.0, 3.5), (Size(4.0),), ("x",), (1, 2), Colour.BLUE, "right", 7, True, 1999.0
)


def test_a_record_comes_whole() -> None:
    assert strict_record(Shape, WHOLE) == SHAPE
    assert lenient_record(Shape, WHOLE) == SHAPE
    assert strict_record(Drawing, {"shapes": [WHOLE]}) == Drawing((SHAPE,))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "Shape 2: “name” is empty."),
        ({"name": 3}, "Shape 2: “name” is 3; it must be text."),
        ({"name": None}, "Shape 2: “name” is missing; it must be text."),
        ({"size": []}, "Shape 2: “size” is []; it must be an object."),
        ({"size": {"width": "2"}}, 'Shape 2: the “width” of “size” is "2"; it must be a number.'),
        ({"corners": [{}, 1]}, "Shape 2, corner 2 is not an object."),
        ({"tags": "x" * 60}, f'Shape 2: “tags” is "{"x" * 38}…; it must be a list.'),
        ({"colour": "green"}, 'Shape 2: “colour” is "green"; it must be one of red, blue.'),
        ({"side": "top"}, 'Shape 2: “side” is "top"; it must be “left” or “right”.'),
        ({"depth": 1.5}, "Shape 2: “depth” is 1.5; it must be a whole number."),
        ({"is_open": 1}, "Shape 2: “is_open” is 1; it must be true or false."),
        ({"year": 10**400}, f"Shape 2: “year” is 1{'0' * 38}…; it must be a year of our time."),
        ({"year": float("nan")}, "Shape 2: “year” is NaN; it must be a year of our time."),
    ],
)
def test_what_does_not_suit_is_told_with_its_place(change: dict[str, object], words: str) -> None:
    with pytest.raises(JsonError) as error:
        strict_record(Drawing, {"shapes": [WHOLE, WHOLE | change]})
    assert str(error.value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "It is not an object."),
        ({}, "“shapes” is missing; it must be a list."),
        ({"shapes": {}}, "“shapes” is {}; it must be a list."),
    ],
)
def test_so_is_what_does_not_suit_at_the_top(value: object, words: str) -> None:
    with pytest.raises(JsonError) as error:
        strict_record(Drawing, value)
    assert str(error.value) == words


@pytest.mark.parametrize("text", ["", "{", b"\xff\xfe", "[" * 100_000, "1" * 5000])
def test_what_is_not_json_is_told(text: str | bytes) -> None:
    with pytest.raises(JsonError, match=r"^It is not valid JSON: .+\.$"):
        parse(text)


def test_what_older_files_may_hold_is_read() -> None:
    assert parse("\ufeff{}".encode()) == {}
    assert parse("{}".encode("utf-16")) == {}
    assert parse('[-Infinity, "\\udc80"]') == [float("-inf"), "\udc80"]


def test_only_what_suits_is_known() -> None:
    damaged = WHOLE | {
        "size": {"width": True, "height": 5},
        "corners": [{"height": "x"}, {"height": 2}, 3],
        "tags": ["y", None],
        "point": [1, 2, 3],
        "colour": "green",
        "side": None,
        "year": -1,
    }
    expected = Shape("a", Size(1.0, 5.0), (Size(1.0, 2.0),), ("y",), depth=7, is_open=True)
    assert lenient_record(Shape, damaged) == expected
    for nothing in (None, [], "text", 3):
        assert lenient_record(Shape, nothing) == Shape()


def test_only_the_entries_that_suit_are_taken() -> None:
    assert valid_entries(str, ["a", 1, None, "b"]) == ("a", "b")
    assert valid_entries(tuple[str, float], [["a", 1], ["b"], 1, ["c", True]]) == (("a", 1.0),)
    for nothing in (None, {}, "text", 3):
        assert valid_entries(str, nothing) == ()
