"""The choice of a chat template: from the dialog to the request, and kept."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabWidget

from app.conversations.conversation import SystemMode
from app.engine.messages import ChatMessage, Generate
from app.engine.replies.chat_template import ChatTemplate, apply_known
from app.engine.replies.known_templates import KNOWN_TEMPLATES, NO_TEMPLATE
from app.ui.chat.reply_settings.dialog import ReplySettingsDialog
from app.ui.chat.reply_settings.template_tab import TemplateTab
from app.ui.state.settings import CHATML, ChatSettings, Settings
from app.ui.widgets.quiet_label import QuietLabel
from tests.ui.workbench import Bench


@pytest.fixture
def tab(bench: Bench) -> TemplateTab:
    bench.window.chat.sampling.more_wanted.emit()
    dialog = bench.window.findChild(ReplySettingsDialog)
    assert dialog is not None
    dialog.findChild(QTabWidget).setCurrentWidget(dialog.template)
    return dialog.template


def choose(bench: Bench, tab: TemplateTab, words: str) -> None:
    bench.qtbot.keyClicks(tab.choice, words)
    assert tab.choice.currentText() == words


def note(bench: Bench) -> str:
    return bench.window.chat.system.findChild(QuietLabel).text()


def template_sent(bench: Bench) -> str | None:
    bench.say("Hi")
    request = bench.engine.asked(Generate)[-1]
    assert isinstance(request, Generate)
    return request.chat_template


def test_at_first_it_is_the_model_files(bench: Bench, tab: TemplateTab) -> None:
    assert tab.choice.currentText() == "The model file's"
    assert tab.own.isHidden()
    assert template_sent(bench) is None


@pytest.mark.parametrize("name", ["chatml", "zephyr"])
def test_a_known_one_is_chosen_by_its_name(bench: Bench, tab: TemplateTab, name: str) -> None:
    choose(bench, tab, name)
    assert "llama.cpp" in tab.hint.text()
    assert template_sent(bench) == name
    assert bench.window.services.conversations.current.path[-1].record.chat_template == name
    assert bench.window.services.settings.chat().template == name


def test_none_is_the_raw_mode(bench: Bench, tab: TemplateTab) -> None:
    choose(bench, tab, "None")
    assert "Raw mode" in tab.hint.text()
    assert template_sent(bench) == NO_TEMPLATE


def test_ones_own_is_typed_and_stays_while_another_is_chosen(
    bench: Bench, tab: TemplateTab
) -> None:
    choose(bench, tab, "Custom (Jinja)")
    assert not tab.own.isHidden()
    assert template_sent(bench) == CHATML
    tab.own.selectAll()
    bench.qtbot.keyClicks(tab.own, "{{ messages }}")
    assert template_sent(bench) == "{{ messages }}"
    tab.choice.setFocus()
    bench.qtbot.keyClick(tab.choice, Qt.Key.Key_Home)
    assert template_sent(bench) is None
    assert tab.own.toPlainText() == "{{ messages }}"
    kept = bench.window.services.settings.chat()
    assert (kept.template, kept.own_template) == ("", "{{ messages }}")
    bench.window.findChild(ReplySettingsDialog).presets.activated.emit(1)
    assert tab.own.toPlainText() == "{{ messages }}"


def test_the_system_field_says_that_another_template_decides(
    bench: Bench, tab: TemplateTab
) -> None:
    bench.choose_system(SystemMode.TEMPLATE)
    bench.say("Hi")
    assert "sends" in note(bench)
    choose(bench, tab, "vicuna")
    assert note(bench) == "the chosen template's text"


def test_a_template_of_another_version_reads_as_the_files(settings: Settings) -> None:
    settings.save_chat(ChatSettings(template="of tomorrow"))
    assert settings.chat().template == ""
    settings.save_chat(ChatSettings(template=KNOWN_TEMPLATES[0]))
    assert settings.chat().template == KNOWN_TEMPLATES[0]


def test_ones_own_begins_as_chatml() -> None:
    turns = ChatMessage("system", "Brief."), ChatMessage("user", "Hi\n\nthere")
    own = ChatTemplate(CHATML, bos="", eos="").render(turns)
    assert own == apply_known("chatml", turns)
