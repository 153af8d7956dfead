"""A reply's record on disk: one flat object, read leniently, its names as they always were."""

from __future__ import annotations

import json

from app.conversations.reply_record import ReplyRecord, from_stored, to_stored
from app.conversations.scale_moves import ScaleMove
from app.engine.messages import ReplyStatistics

RECORD = ReplyRecord(
    plan_name="p",
    recipe="WeightBlock; w; T; 0:2",
    model_name="tiny",
    model_files=("a.gguf", "b.gguf"),
    system="s",
    sampling={"top_k": 4},
    n_predict=9,
    stop=("x", "y"),
    chat_template="chatml",
    context={"n_ctx": 512},
    when_full="slide",
    n_begun=3,
    n_ctx=512,
    remark="again",
    moves=(ScaleMove(3, 1, 0, 0.5, 0.75),),
    statistics=ReplyStatistics(
        plan_hash="abc",
        seed=3,
        n_prompt=34,
        n_prompt_evaluated=30,
        n_generated=5,
        n_ctx_used=39,
        prompt_tokens_per_s=400.0,
        tokens_per_s=2.5,
        first_token_s=0.25,
        stop_reason="end",
        n_left_out=2,
        summary="Short.",
        order=((32, 30, 1), (4, 4, 1)),
    ),
)
STORED = {
    "plan_name": "p",
    "plan_hash": "abc",
    "recipe": "WeightBlock; w; T; 0:2",
    "model_name": "tiny",
    "model_files": ["a.gguf", "b.gguf"],
    "system": "s",
    "sampling": {"top_k": 4},
    "n_predict": 9,
    "stop": ["x", "y"],
    "chat_template": "chatml",
    "seed": 3,
    "context": {"n_ctx": 512},
    "when_full": "slide",
    "n_left_out": 2,
    "summary": "Short.",
    "order": [[32, 30, 1], [4, 4, 1]],
    "n_begun": 3,
    "n_ctx": 512,
    "n_ctx_used": 39,
    "n_prompt": 34,
    "n_prompt_evaluated": 30,
    "n_generated": 5,
    "prompt_tokens_per_s": 400.0,
    "tokens_per_s": 2.5,
    "first_token_s": 0.25,
    "stop_reason": "end",
    "remark": "again",
    "moves": [{"at": 3, "block": 1, "input": 0, "before": 0.5, "after": 0.75}],
}
"""As databases and exported files of version 0.5.0 have it."""


def test_the_record_on_disk_is_flat_and_comes_back_whole() -> None:
    assert json.loads(json.dumps(to_stored(RECORD))) == STORED
    assert from_stored(STORED) == RECORD


def test_what_is_of_another_kind_is_left_out() -> None:
    spoilt = {"plan_name": 3, "seed": True, "n_ctx": "x", "tokens_per_s": 2, "order": [[1, 2], 3]}
    assert from_stored(spoilt) == ReplyRecord(statistics=ReplyStatistics(tokens_per_s=2))
    assert from_stored(["no object"]) == ReplyRecord()


def test_a_reply_without_a_reason_to_stop_did_not_end() -> None:
    assert RECORD.has_ended
    assert not from_stored({**STORED, "stop_reason": ""}).has_ended
