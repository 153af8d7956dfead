"""Scales that move while a reply is said: gathered to marks, kept, exported."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from app.conversations.conversation import Conversation
from app.conversations.files import from_json, to_json, to_markdown
from app.conversations.reply_record import ReplyRecord, from_stored
from app.conversations.scale_moves import ScaleMove, ScaleMoves
from app.conversations.store import Store


def test_moves_within_a_second_are_one_mark() -> None:
    moves = ScaleMoves()
    moves.add([ScaleMove(10, 3, 0, 0.5, 0.6), ScaleMove(10, 3, 1, 0.5, 0.4)], now=5.0)
    moves.add([ScaleMove(14, 3, 0, 0.6, 0.7), ScaleMove(14, 4, 0, 1.0, 2.0)], now=5.9)
    moves.add([ScaleMove(20, 3, 0, 0.7, 0.8)], now=6.1)
    moves.add([ScaleMove(20, 3, 0, 0.8, 0.9)], now=9.0)
    assert moves.all == (
        ScaleMove(10, 3, 0, 0.5, 0.7),
        ScaleMove(10, 3, 1, 0.5, 0.4),
        ScaleMove(10, 4, 0, 1.0, 2.0),
        ScaleMove(20, 3, 0, 0.7, 0.9),
    )


def test_a_move_is_told_with_as_many_digits_as_it_takes() -> None:
    assert ScaleMove(0, 3, 1, 0.25, 0.4).words == "Scale of merge 3, input 2: 0.25 → 0.40"
    assert ScaleMove(0, 3, 1, 0.125, 2.0).words == "Scale of merge 3, input 2: 0.125 → 2.00"


def conversation() -> Conversation:
    made = Conversation()
    prompt = made.add("user", "Who are you?", None)
    reply = made.add("assistant", "", prompt.id)
    moves = (ScaleMove(0, 3, 0, 0.5, 0.6), ScaleMove(12, 3, 1, 0.25, 0.4))
    made.write(reply.id, "I am a ship. Arrr!", ReplyRecord(plan_name="two", moves=moves))
    return made


def test_moves_are_kept_and_exported(tmp_path: Path) -> None:
    made = conversation()
    store = Store(tmp_path / "kept.sqlite")
    store.save(made.delta())
    loaded = store.load(made.id)
    store.close()
    assert loaded is not None
    assert loaded.messages == made.messages
    (imported,) = from_json(to_json((made,)))
    assert imported.messages == made.messages
    text = to_markdown((made,)).decode()
    assert "*Scale of merge 3, input 1: 0.50 → 0.60, from the beginning on*" in text
    assert "*Scale of merge 3, input 2: 0.25 → 0.40, after “I am a ship.”*" in text


def test_damaged_moves_are_left_out() -> None:
    whole = asdict(ScaleMove(3, 1, 0, 0.5, 0.75))
    damaged = [{**whole, "at": "3"}, {**whole, "after": True}, {}, None, 7]
    damaged += [{**whole, "before": float("nan")}, {**whole, "at": -1}]
    assert from_stored({"moves": [*damaged, whole]}).moves == (ScaleMove(3, 1, 0, 0.5, 0.75),)
    assert from_stored({"moves": "none"}).moves == ()
