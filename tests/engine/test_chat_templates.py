"""Chat templates by name, of one's own and none; hostile ones end in words."""

from __future__ import annotations

import ctypes
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.engine.errors import EngineError
from app.engine.messages import ChatMessage, Generate, Open, Reply, Sampling
from app.engine.native import llama
from app.engine.replies.chat_template import ChatTemplate, TemplateError, apply_known, as_plain_text
from app.engine.replies.known_templates import KNOWN_TEMPLATES, NO_TEMPLATE
from app.engine.session import Session
from app.plan.recipe import Recipe

ASKED = ChatMessage("system", ""), ChatMessage("user", "What is the capital of France?")
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "<|im_start|>assistant{{ '\n' }}"
)
HOSTILE = {
    "loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "fills the memory": "{{ ('x' * 9999999999) | length }}",
    "calculates": "{{ 9 ** (9 ** 9) }}",
    "doubles": "{% set n = namespace(s='x' * 99) %}"
    "{% for i in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
    "calls itself": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "pads": "{{ '%999999999999d' % 1 }}",
}
REACHES_OUT = (
    "{% include '/etc/hostname' %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ raise_exception.__globals__.keys() }}",
    "{{ messages.append(1) }}",
    "{{ open('/etc/hostname').read() }}",
)


@pytest.fixture(scope="module")
def session(model_path: Path) -> Iterator[Session]:
    made = Session(lambda: False, lambda: None)
    made.open(Open((str(model_path),), Recipe.whole(30)), lambda event: None)
    yield made
    made.close()


def reply(session: Session, template: str | None, n: int = 12) -> Reply:
    asked = Generate(ASKED, None, n, Sampling(temperature=0), chat_template=template)
    return session.generate(asked, lambda event: None)


def test_the_names_are_those_of_llama_cpp() -> None:
    names = (ctypes.c_char_p * 200)()
    n = llama.llama_chat_builtin_templates(names, len(names))
    assert [names[i].decode() for i in range(n)] == sorted(KNOWN_TEMPLATES)


@pytest.mark.parametrize("name", KNOWN_TEMPLATES)
def test_each_known_template_holds_what_was_said(name: str) -> None:
    turns = (
        ChatMessage("user", "Grüße 😀?"),
        ChatMessage("assistant", "<think>Hm</think>Yes."),
        ChatMessage("user", "Why?" * 500),
    )
    text = apply_known(name, turns)
    assert "Grüße 😀?" in text and "Yes." in text and "Why?" * 500 in text
    assert "Hm" not in text


def test_the_same_template_is_the_same_in_each_way(session: Session) -> None:
    own, known, file = (reply(session, t) for t in (CHATML, "chatml", None))
    assert own.text == known.text == file.text == "The capital of France is Paris."
    assert own.statistics.n_prompt == known.statistics.n_prompt == file.statistics.n_prompt


def test_another_template_is_read_otherwise(session: Session) -> None:
    assert (
        reply(session, "zephyr").statistics.n_prompt != reply(session, "chatml").statistics.n_prompt
    )


def test_without_template_the_text_goes_on(session: Session) -> None:
    asked = ChatMessage("user", "The capital of France is"), ChatMessage("assistant", " Paris.")
    assert as_plain_text((*asked, ChatMessage("user", "The"))) == (
        "The capital of France is Paris.\nThe"
    )
    greedy = Sampling(temperature=0)
    plain = Generate(asked[:1], None, 8, greedy, chat_template=NO_TEMPLATE)
    raw = Generate((), asked[0].content, 8, greedy)
    texts = [session.generate(r, lambda event: None).text for r in (plain, raw)]
    assert texts[0] == texts[1]
    assert "Paris" in texts[0]


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_template_that_never_ends_is_ended_in_words(kind: str) -> None:
    limit = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(TemplateError, match=r"template does not work for this conversation: .+"):
        ChatTemplate(HOSTILE[kind], bos="", eos="").render(ASKED)
    assert resource.getrlimit(resource.RLIMIT_AS) == limit
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_after_a_template_that_never_ends_all_goes_on(session: Session) -> None:
    with pytest.raises(EngineError, match=r"Your chat template .* did not come to an end within"):
        reply(session, HOSTILE["loops"])
    assert reply(session, "chatml", 1).text == "The"


@pytest.mark.parametrize("source", REACHES_OUT)
def test_a_template_reaches_nothing(source: str) -> None:
    with pytest.raises(TemplateError):
        ChatTemplate(source, bos="", eos="").render(ASKED)


def test_a_template_that_does_not_parse_says_where(session: Session) -> None:
    with pytest.raises(EngineError, match=r"Your chat template cannot be read: .*endfor"):
        reply(session, "{% for m in messages %}")


def test_a_template_that_refuses_gives_its_reason(session: Session) -> None:
    with pytest.raises(EngineError, match=r"this conversation: no turn here. Choose"):
        reply(session, "{{ raise_exception('no turn here.') }}")


def test_an_empty_template_asks_nothing(session: Session) -> None:
    with pytest.raises(EngineError, match="the prompt is empty"):
        reply(session, "")
