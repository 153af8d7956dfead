"""Each setting of the sampler chain does what it is for, on the bundled model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from app.engine.bundled import bundled_model
from app.engine.client import EngineClient
from app.engine.errors import EngineError
from app.engine.messages import Generate, Open, Reply, Sampling
from app.memory.context_settings import ContextSettings
from app.plan.recipe import Recipe

GREEDY = Sampling(temperature=0.0)
WARM = Sampling(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, seed=5)
CAPITAL = "The capital of France is"
LOOP = "one two three four. one two three four. one two three four. one two"

Say = Callable[..., Reply]


@pytest.fixture(scope="module")
def say() -> Iterator[Say]:
    """Has the model continue a text."""
    client = EngineClient()
    whole = Open((str(bundled_model()),), Recipe.whole(30), ContextSettings(n_ctx=256))
    client.submit(whole).result(120)

    def generate(
        prompt: str,
        sampling: Sampling,
        n_predict: int = 8,
        stop: tuple[str, ...] = (),
        begun: str = "",
    ) -> Reply:
        request = Generate((), prompt, n_predict, sampling, stop, begun)
        reply = client.submit(request).result(120)
        assert isinstance(reply, Reply)
        return reply

    yield generate
    client.close()


def test_a_bias_forbids_and_forces_words(say: Say) -> None:
    assert "Paris" in say(CAPITAL, GREEDY).text
    without = replace(GREEDY, logit_bias=((" Paris", float("-inf")), ("Paris", float("-inf"))))
    assert "Paris" not in say(CAPITAL, without).text
    forced = say(CAPITAL, replace(GREEDY, logit_bias=((" blue", 100.0),)), 3)
    assert forced.text == " blue blue blue"


@pytest.mark.parametrize("n", [1, 2])
def test_penalties_see_what_the_prompt_said(say: Say, n: int) -> None:
    assert say(LOOP, GREEDY, 2).text == " three four"
    penalised = replace(GREEDY, **({"repeat_penalty": 9.0} if n == 1 else {"presence_penalty": 99}))
    assert "three" not in say(LOOP, penalised, 2).text
    assert say(LOOP, replace(penalised, repeat_last_n=0), 2).text == " three four"


def test_dry_breaks_a_loop_that_single_words_do_not_make(say: Say) -> None:
    assert "three" not in say(LOOP, replace(GREEDY, dry_multiplier=50.0), 1).text
    assert "Paris" in say(CAPITAL, replace(GREEDY, dry_multiplier=50.0)).text


@pytest.mark.parametrize(
    "sampling",
    [
        replace(WARM, typical_p=0.2),
        replace(WARM, xtc_probability=1.0, xtc_threshold=0.01),
        replace(WARM, mirostat=1, mirostat_tau=0.5),
        replace(WARM, mirostat=2, mirostat_tau=0.5),
    ],
    ids=["typical", "xtc", "mirostat", "mirostat 2"],
)
def test_the_same_seed_says_the_same_and_each_kind_its_own(say: Say, sampling: Sampling) -> None:
    text = say("Once upon a time", sampling, 16).text
    assert say("Once upon a time", sampling, 16).text == text
    assert say("Once upon a time", WARM, 16).text != text


def test_xtc_leaves_the_likeliest_out(say: Say) -> None:
    likeliest = say("one two three", GREEDY, 1).text
    cold = replace(WARM, temperature=0.01, xtc_threshold=0.01)
    assert say("one two three", cold, 1).text == likeliest
    assert say("one two three", replace(cold, xtc_probability=1.0), 1).text != likeliest


def test_a_grammar_lets_nothing_else_be_said(say: Say) -> None:
    reply = say(CAPITAL, replace(GREEDY, grammar='root ::= "yes" | "no"'), 20)
    assert reply.text in ("yes", "no")
    assert reply.statistics.stop_reason == "end"
    digits = say(CAPITAL, replace(WARM, grammar="root ::= [0-9]+"), 6)
    assert digits.text.isdigit()


def test_a_reply_that_goes_on_stays_in_its_grammar(say: Say) -> None:
    grammar = replace(GREEDY, grammar='root ::= "one, two, three."')
    assert say(CAPITAL, grammar, 20, begun="one, two").text == ", three."
    with pytest.raises(EngineError, match="does not follow the grammar"):
        say(CAPITAL, grammar, 20, begun="two")
    assert say(CAPITAL, grammar, 20).text == "one, two, three."


def test_a_json_schema_is_a_grammar(say: Say) -> None:
    schema = '{"type": "object", "properties": {"colour": {"enum": ["red", "green"]}}, '
    schema += '"required": ["colour"], "additionalProperties": false}'
    text = say("A colour as JSON:", replace(GREEDY, grammar=schema), 40).text
    assert text.replace(" ", "") in ('{"colour":"red"}', '{"colour":"green"}')


@pytest.mark.parametrize(
    ("grammar", "words"),
    [
        ('root ::= "open', "cannot be read"),
        ("no grammar at all", "cannot be read"),
        ("root ::= root", "cannot be read"),
        ('{"type": ', "is not valid JSON"),
        ('{"$ref": "http://127.0.0.1/schema"}', "cannot be converted to a grammar"),
    ],
)
def test_a_grammar_that_cannot_be_read_is_refused_and_the_plan_stays(
    say: Say, grammar: str, words: str
) -> None:
    with pytest.raises(EngineError, match=words):
        say(CAPITAL, replace(GREEDY, grammar=grammar))
    assert "Paris" in say(CAPITAL, GREEDY).text


def test_a_reply_ends_before_a_stop_string(say: Say) -> None:
    whole = say(CAPITAL, GREEDY).text
    reply = say(CAPITAL, GREEDY, stop=("nowhere", "Paris"))
    assert reply.statistics.stop_reason == "stop_string"
    assert reply.text == whole[: whole.index("Paris")]
    assert say(CAPITAL, GREEDY, stop=("nowhere",)).text == whole


def test_a_grammar_that_leads_nowhere_says_so_and_the_plan_stays(say: Say) -> None:
    with pytest.raises(EngineError, match="allows no token here"):
        say(CAPITAL, replace(GREEDY, grammar='root ::= "x" [^\\x00-\\U0010FFFF]'))
    assert "Paris" in say(CAPITAL, GREEDY).text
