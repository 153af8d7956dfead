"""Aligning, spreading and guide lines, on boxes alone."""

from __future__ import annotations

import pytest

from app.ui.canvas.alignment import Aligning, Guides, aligned, distributed

BOXES = {"a": (0, 0, 100, 50), "b": (300, 40, 340, 80), "c": (120, 10, 220, 110)}


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        ("left", {"a": (0, 0), "b": (0, 40), "c": (0, 10)}),
        ("centre", {"a": (120, 0), "b": (150, 40), "c": (120, 10)}),
        ("right", {"a": (240, 0), "b": (300, 40), "c": (240, 10)}),
        ("top", {"a": (0, 0), "b": (300, 0), "c": (120, 0)}),
        ("middle", {"a": (0, 30), "b": (300, 35), "c": (120, 5)}),
        ("bottom", {"a": (0, 60), "b": (300, 70), "c": (120, 10)}),
    ],
)
def test_aligned_boxes_share_a_side(side, expected):
    assert aligned(BOXES, side) == expected


def test_distributed_boxes_have_equal_gaps_and_the_outer_ones_stay():
    assert distributed(BOXES, "across") == {"a": (0, 0), "c": (150, 10), "b": (300, 40)}
    down = distributed({"a": (0, 0, 9, 10), "b": (1, 90, 9, 100), "c": (2, 12, 9, 22)}, "down")
    assert down == {"a": (0, 0), "c": (2, 45), "b": (1, 90)}


def test_an_edge_near_another_edge_is_drawn_to_it_with_a_line_over_both():
    guides = Guides([Aligning((0, 0, 100, 50))])
    drawn = guides.draw(Aligning((4, 200, 80, 230)), reach=6)
    assert (drawn.dx, drawn.dy) == (-4, None)
    assert drawn.lines == ((0, 0, 0, 230),)


def test_an_edge_is_not_drawn_to_a_middle_but_a_middle_is():
    guides = Guides([Aligning((0, 0, 100, 50))])
    assert guides.draw(Aligning((50, 200, 300, 230)), reach=6).dx is None
    assert guides.draw(Aligning((22, 200, 82, 230)), reach=6).dx == -2


def test_ports_draw_ports_and_nothing_beyond_reach_does():
    guides = Guides([Aligning((0, 0, 100, 50), (42,))])
    assert guides.draw(Aligning((200, 80, 330, 300), (45,)), reach=6).dy == -3
    assert guides.draw(Aligning((200, 80, 330, 300), (49,)), reach=6).dy is None


def test_without_neighbours_nothing_draws():
    drawn = Guides([]).draw(Aligning((0, 0, 10, 10), (5,)), reach=6)
    assert (drawn.dx, drawn.dy, drawn.lines) == (None, None, ())
