"""All settings of replies: from the fields to the request, presets, and what is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLineEdit, QPushButton

from app.engine.messages import Generate, Sampling
from app.engine.replies.sampling_limits import SAMPLING_LIMITS
from app.ui.chat.reply_settings.dialog import ReplySettingsDialog
from app.ui.chat.reply_settings.presets import BUILT_IN, Preset, PresetError, from_json, to_json
from app.ui.state.settings import OWN_TEMPLATE, ChatSettings
from app.ui.widgets.link_button import LinkButton
from tests.ui.workbench import Bench

PANEL_NUMBERS = ("temperature", "top_k", "top_p", "min_p")


@pytest.fixture
def dialog(bench: Bench) -> ReplySettingsDialog:
    """Opened as a user does: the panel's fold, then its link."""
    bench.window.chat.fold.click()
    link = next(b for b in bench.window.chat.sampling.findChildren(LinkButton))
    link.click()
    opened = bench.window.findChild(ReplySettingsDialog)
    assert opened is not None and opened.isVisible()
    return opened


def test_fields_have_the_limits_of_the_command_line(
    bench: Bench, dialog: ReplySettingsDialog
) -> None:
    panel = bench.window.chat.sampling
    fields = dialog.numbers.items() | {(name, getattr(panel, name)) for name in PANEL_NUMBERS}
    assert {name for name, _ in fields} == SAMPLING_LIMITS.keys() - {"seed"}
    for name, field in fields:
        assert (field.minimum(), field.maximum()) == SAMPLING_LIMITS[name]
    # -1 stands for a seed that is drawn.
    assert (panel.seed.minimum(), panel.seed.maximum()) == (-1, SAMPLING_LIMITS["seed"].high)


def test_every_setting_reaches_the_engine(bench: Bench, dialog: ReplySettingsDialog) -> None:
    dialog.numbers["repeat_penalty"].setValue(1.25)
    dialog.numbers["mirostat"].setValue(2)
    dialog.stop.setPlainText("END\n\\n\\n")
    dialog.biases.setPlainText(" Paris=-inf\nunfinished")
    assert "“unfinished” is not TEXT=VALUE" in dialog.problem.text()
    dialog.grammar.setPlainText('root ::= "yes"')
    dialog.close()
    bench.say("Hi")
    request = bench.engine.asked(Generate)[0]
    assert (request.sampling.repeat_penalty, request.sampling.mirostat) == (1.25, 2)
    assert request.stop == ("END", "\n\n")
    assert request.sampling.logit_bias == ((" Paris", float("-inf")),)
    assert request.sampling.grammar == 'root ::= "yes"'
    assert bench.window.services.settings.chat() == bench.window.services.reply_settings.chat


def test_a_preset_is_taken_named_and_left_again(bench: Bench, dialog: ReplySettingsDialog) -> None:
    assert dialog.presets.currentText() == "Usual"
    dialog.presets.setCurrentIndex(1)
    dialog.presets.activated.emit(1)
    assert bench.window.services.reply_settings.chat.sampling == BUILT_IN[1].sampling
    assert bench.window.chat.sampling.temperature.value() == 0.0
    dialog.numbers["top_k"].setValue(7)
    assert dialog.presets.currentText() == "Custom settings"
    assert not dialog.delete.isEnabled()


def test_own_presets_are_kept_and_deleted(bench: Bench, dialog: ReplySettingsDialog) -> None:
    dialog.numbers["top_k"].setValue(7)
    dialog.save.click()

    def names() -> list[QLineEdit]:
        fields = dialog.findChildren(QLineEdit)
        return [field for field in fields if field.accessibleName() == "Name of the preset"]

    bench.qtbot.waitUntil(lambda: bool(names()))
    name = names()[0]
    bench.qtbot.keyClicks(name, "Seven")
    next(b for b in name.parent().findChildren(QPushButton) if b.text() == "Save").click()
    bench.qtbot.waitUntil(lambda: dialog.presets.currentText() == "Seven")
    saved = [from_json(text) for text in bench.window.services.settings.presets()]
    assert [(p.name, p.sampling.top_k) for p in saved] == [("Seven", 7)]
    dialog.delete.click()
    assert bench.window.services.settings.presets() == ()
    assert dialog.presets.currentText() == "Custom settings"


def test_presets_are_shared_as_files() -> None:
    preset = Preset(
        "Mine",
        Sampling(temperature=0.3, seed=None, logit_bias=((" a", -1.0), ("b", float("-inf")))),
        ("END",),
        99,
    )
    assert from_json(to_json(preset)) == preset


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not valid JSON"),
        ("[]", "not a preset"),
        ('{"format": "other"}', "not a preset"),
        ('{"format": "llama-blocks-preset"}', "no name"),
    ],
)
def test_what_is_no_preset_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(PresetError, match=words):
        from_json(text)


def test_damaged_values_read_as_usual(tmp_path: Path) -> None:
    record = json.loads(to_json(Preset("Mine", Sampling(top_k=3))))
    record["sampling"] |= {"temperature": "hot", "min_p": True, "logit_bias": [1, ["x"]], "new": 1}
    record["stop"] = "END"
    read = from_json(json.dumps(record))
    assert read == Preset("Mine", Sampling(top_k=3))


def test_a_preset_holds_the_template_and_built_in_ones_leave_it(
    bench: Bench, dialog: ReplySettingsDialog
) -> None:
    own = replace(
        bench.window.services.reply_settings.chat, template=OWN_TEMPLATE, own_template="{{ x }}"
    )
    preset = from_json(to_json(Preset.of("Mine", own)))
    assert preset.put_into(ChatSettings()).chat_template == "{{ x }}"
    known = replace(own, template="chatml")
    assert Preset.of("Known", known).own_template == "", "only what counts is shared"
    taken = BUILT_IN[1].put_into(own)
    assert (taken.template, taken.sampling.temperature) == (OWN_TEMPLATE, 0.0)
    dialog.template.choice.setCurrentIndex(dialog.template.choice.findData("chatml"))
    assert dialog.presets.currentText() == "Usual"
