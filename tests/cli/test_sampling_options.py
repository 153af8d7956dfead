"""The options of `generate` that choose tokens, under the names that llama.cpp gives them."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from app.cli.arguments import parse
from app.cli.errors import UserError
from app.cli.generate import sampling_of
from app.engine.messages import Sampling
from app.engine.replies.sampling_limits import SAMPLING_LIMITS


def sampling(*options: str) -> Sampling:
    return sampling_of(parse(["generate", "--prompt", "x", *options]))


def test_without_options_all_is_as_usual() -> None:
    assert sampling() == Sampling()


def test_each_setting_has_an_option() -> None:
    numbers = {
        f.name: value
        for f in fields(Sampling)
        if (value := {"int": 1, "float": 0.5, "int | None": 7}.get(str(f.type))) is not None
    }
    options = [f"--{n.replace('_', '-')}={v}" for n, v in numbers.items() if n != "temperature"]
    assert sampling("--temp=0.5", *options) == replace(Sampling(), **numbers)
    assert len(numbers) == len(fields(Sampling)) - 2


def test_biases_are_a_text_and_a_number() -> None:
    given = sampling("--logit-bias", " Paris=-inf", "--logit-bias", "a=b=1.5")
    assert given.logit_bias == ((" Paris", float("-inf")), ("a=b", 1.5))


@pytest.mark.parametrize(
    "option",
    ["--top-p=1.5", "--top-k=-1", "--temp=nan", "--mirostat=3", "--logit-bias=5", "--min-p=x"],
)
def test_what_cannot_be_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        sampling(option)
    assert caught.value.code == 2
    assert option.split("=")[0] in capsys.readouterr().err


def test_a_grammar_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "yes.gbnf"
    file.write_text('root ::= "yes"')
    assert sampling("--grammar-file", str(file)).grammar == 'root ::= "yes"'
    with pytest.raises(UserError, match="No such file"):
        sampling("--grammar-file", str(tmp_path / "no.gbnf"))
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="UTF-8"):
        sampling("--grammar-file", str(file))


@pytest.mark.parametrize("name", SAMPLING_LIMITS)
def test_an_option_takes_its_limits_and_nothing_beyond(name: str) -> None:
    low, high = limits = SAMPLING_LIMITS[name]
    option = "--temp" if name == "temperature" else f"--{name.replace('_', '-')}"
    beyond = 1 if limits.is_whole else 0.5
    for value in limits:
        assert getattr(sampling(f"{option}={value}"), name) == value
    for value in (low - beyond, high + beyond):
        with pytest.raises(SystemExit):
            sampling(f"{option}={value}")
