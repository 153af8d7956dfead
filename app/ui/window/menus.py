"""What stands in the menus and on the toolbar, with the keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from app.plan.templates import TEMPLATES, Template
from app.ui.files.exchange import FORMS, LAYER_BLOCKS, Form
from app.ui.state.documents import SAMPLES
from app.ui.widgets import dialogs
from app.ui.window.actions import add_action, add_path_menu, make_tool_bar

if TYPE_CHECKING:
    from app.ui.window.main_window import MainWindow

Standard = QKeySequence.StandardKey


def fill_menus(window: MainWindow) -> None:
    """Make the menu bar and the toolbar of the window."""
    bar, files = window.menuBar(), window.files
    file = bar.addMenu("&File")
    new = add_action(file, "&New plan", files.new_plan, Standard.New, "new-plan")
    new.setShortcuts([*QKeySequence.keyBindings(Standard.New), QKeySequence("Ctrl+T")])
    new.setToolTip("New plan over the whole model, in a tab of its own")
    _fill_template_menu(file.addMenu("New from &template"), window.templates.ask_for_new)
    open_plan = add_action(file, "&Open plan …", files.choose_plan, Standard.Open, "open")
    recent_plans = window.settings.recent_plans
    add_path_menu(
        file, "Open &recent", recent_plans, files.open_plan, window.settings.forget_recent
    )
    _fill_sample_menu(file.addMenu("Open sa&mple"), files.open_sample)
    file.addSeparator()
    add_action(file, "&Close plan", files.close_plan, "Ctrl+W")
    save = add_action(file, "&Save", files.save, Standard.Save, "save")
    add_action(file, "Save &as …", files.save_as, "Ctrl+Shift+S")
    file.addSeparator()
    pictures, start = window.pictures, window.tasks.start
    add_action(file, "&Import …", lambda: start(window.exchange.choose()), "Ctrl+Shift+I")
    _fill_export_menu(file.addMenu("&Export as"), window)
    add_action(file, "Export p&icture …", lambda: start(pictures.export()), "Ctrl+Shift+E")
    add_action(file, "&Print …", lambda: start(pictures.print()), Standard.Print)
    file.addSeparator()
    add_action(file, "&Quit", window.close, "Ctrl+Q")

    commands = window.canvas.commands
    edit = bar.addMenu("&Edit")
    _add_all(edit, commands.edit)
    edit.addSeparator()
    add_action(edit, "&Find block …", window.find_block.open, Standard.Find, "search")

    plan = bar.addMenu("&Plan")
    run = add_action(plan, "&Run", window.run, "Ctrl+R", "run")
    stop = add_action(plan, "&Stop", window.chat.flow.stop, "Ctrl+.", "stop")
    run.setToolTip("Open the plan in the engine (Ctrl+R)")
    stop.setToolTip("Stop what the engine does (Ctrl+.)")

    def show_busy(busy: bool) -> None:
        run.setEnabled(not busy)
        stop.setEnabled(busy)

    plan.addSeparator()
    _add_all(plan, [*commands.add, None])
    commands.annotations.fill_menu_bar(plan)
    _add_all(plan.addMenu("By &keyboard"), commands.keyboard.all)
    _add_all(plan, [None, commands.arrange])
    templates = plan.addMenu("Insert &template")
    _fill_template_menu(templates, window.templates.ask_to_insert)
    show_busy(False)
    window.chat.flow.busy_changed.connect(show_busy)

    commands.block.fill(bar.addMenu("&Block"))

    model = bar.addMenu("&Model")
    add_action(model, "&Open model …", files.choose_model, "Ctrl+M", "model")
    recent_models = window.settings.recent_models
    add_path_menu(
        model, "Open &recent", recent_models, files.open_model, window.settings.forget_recent
    )
    add_action(model, "&Bundled model", files.open_bundled_model)
    add_action(model, "Add &source …", files.source_edits.choose, "Ctrl+Alt+M", "add")
    model.addSeparator()
    add_action(model, "&New plan over the whole model", files.new_plan)
    add_action(model, "B&ake the plan …", window.baking.show, "Ctrl+B")
    add_action(model, "&Compose …", window.composing.show, "Ctrl+Shift+O")

    measure, measuring = bar.addMenu("M&easure"), window.measuring
    add_action(measure, "&Influence of the layers …", measuring.show_influence, "F7")
    add_action(measure, "&Perplexity and difference …", measuring.show_scores, "F8")
    add_action(measure, "&Fit into memory …", measuring.show_fit, "F9")
    add_action(measure, "&Sweep a fader …", measuring.show_sweep, "F6")

    chat = bar.addMenu("&Chat")
    window.chat.menu.fill(chat, window.find_conversation)
    chat.addSeparator()
    add_action(chat, "&Side by side …", window.side_by_side.show, "Ctrl+Shift+B", "side-by-side")

    _fill_view_menu(bar.addMenu("&View"), window)
    help_menu = bar.addMenu("&Help")
    keys = add_action(help_menu, "&Keys and gestures", lambda: _show_keys(window), "?")
    keys.setShortcuts([QKeySequence("F1"), QKeySequence("?")])
    add_action(help_menu, "&About Llama Blocks", lambda: window.tasks.start(_show_about(window)))
    left = [new, open_plan, save, None, commands.undo, commands.redo, None]
    left += [*commands.add, None, commands.arrange, commands.fit_all]
    make_tool_bar(window, left, (run, stop))


def _add_all(menu: QMenu, actions: Iterable[QAction | None]) -> None:
    for action in actions:
        if action is None:
            menu.addSeparator()
        else:
            menu.addAction(action)


def _fill_template_menu(menu: QMenu, ask: Callable[[Template], object]) -> None:
    """The plans to start from; each asks for its numbers first."""
    menu.setToolTipsVisible(True)
    for template in TEMPLATES:
        action = add_action(menu, f"{template.title} …", partial(ask, template))
        action.setToolTip(template.sentence)


def _fill_export_menu(menu: QMenu, window: MainWindow) -> None:
    def export(form: Form) -> None:
        window.tasks.start(window.exchange.export(form))

    for form in FORMS:
        key, icon = ("Ctrl+E", "export") if form is LAYER_BLOCKS else (None, "")
        add_action(menu, f"{form.title} …", partial(export, form), key, icon)


def _fill_sample_menu(samples: QMenu, choose: Callable[[Path], object]) -> None:
    """The plans that come with the program; each file's first comment says what it shows."""
    samples.setToolTipsVisible(True)
    for path in sorted(SAMPLES.glob("*.txt")):
        words = path.stem.replace("-", " ").capitalize()
        action = add_action(samples, words, partial(choose, path))
        comments = (line[2:] for line in path.read_text("utf-8").splitlines() if line[:2] == "# ")
        action.setToolTip(" ".join(comments))


def _fill_view_menu(view: QMenu, window: MainWindow) -> None:
    commands = window.canvas.commands
    _add_all(view, [a for a in commands.view if a is not commands.arrange])
    _add_minimap_switch(view, window)
    view.addSeparator()
    show_neighbour = window.documents.show_neighbour
    add_action(view, "&Next plan", partial(show_neighbour, 1), "Ctrl+Tab")
    add_action(view, "&Previous plan", partial(show_neighbour, -1), "Ctrl+Shift+Tab")
    view.addSeparator()
    for dock in window.docks.values():
        view.addAction(dock.toggleViewAction())
    view.addSeparator()
    add_action(view, "&Reset layout", window.reset_layout)


def _add_minimap_switch(view: QMenu, window: MainWindow) -> None:
    shown = window.settings.shows_minimap()
    action = view.addAction("Mini&map")
    action.setShortcut("Ctrl+Shift+M")
    action.setCheckable(True)
    action.setChecked(shown)
    window.canvas.minimap.set_wanted(shown)
    action.toggled.connect(window.canvas.minimap.set_wanted)
    action.toggled.connect(window.settings.save_shows_minimap)


def _show_keys(window: MainWindow) -> None:
    from app.ui.window.keys_dialog import KeysDialog

    KeysDialog(window.menuBar(), window).show()


async def _show_about(window: MainWindow) -> None:
    await dialogs.tell(
        window,
        "Llama Blocks",
        "Compose block graphs of a language model's layers and talk to the result at once. "
        "MIT licence. The engine is llama.cpp with a patch of our own; the bundled model is "
        "SmolLM2-135M-Instruct (Apache-2.0), with a fine-tune of its last layers (Apache-2.0).",
    )
