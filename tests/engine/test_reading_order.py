"""In which pieces a KV cache was read: noted in few numbers, cut, and given back as pieces."""

from __future__ import annotations

import pytest

from app.engine.replies.reading_order import Piece, ReadingOrder, pieces_of


def order_of(*sizes: int) -> ReadingOrder:
    order = ReadingOrder()
    for size in sizes:
        order.add(size)
    return order


def test_single_tokens_take_few_numbers() -> None:
    order = order_of(40, *[1] * 500, 12)
    assert order.pieces() == ((40, 40, 1), (1, 1, 500), (12, 12, 1))
    pieces = list(pieces_of(order.pieces(), 552, 512))
    assert pieces == [Piece(40, 40), *[Piece(1, 1)] * 500, Piece(12, 12)]


def test_a_piece_that_is_cut_keeps_its_size() -> None:
    order = order_of(40, 1, 1, 30)
    order.cut(50)
    assert order.pieces() == ((40, 40, 1), (1, 1, 2), (30, 8, 1))
    order.cut(40)
    assert order.pieces() == ((40, 40, 1),)
    order.cut(0)
    assert order.pieces() == ()


@pytest.mark.parametrize(
    "order",
    [
        (),
        ((10, 10, 2),),  # of another prompt
        ((900, 900, 1),),  # more than is read at once
        ((10, 25, 1),),
        ((25, 25),),
    ],
)
def test_an_order_that_does_not_fit_is_read_in_batches(order: tuple[tuple[int, ...], ...]) -> None:
    assert list(pieces_of(order, 25, 10)) == [Piece(10, 10), Piece(10, 10), Piece(5, 5)]


def test_no_order_gives_a_context_from_which_turns_were_taken_out() -> None:
    order = order_of(40, 1, 1)
    order.take_out(10, 20)
    assert order.pieces() == ((32, 32, 1),)
