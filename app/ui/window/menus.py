"""What stands in the menus, with the keys: a function for each menu."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu

from app.plan.templates import TEMPLATES, Template
from app.ui.canvas import Canvas
from app.ui.chat.reply_flow import ReplyFlow
from app.ui.files.exchange import FORMS, LAYER_BLOCKS, Exchange, Form
from app.ui.files.open_files import OpenFiles
from app.ui.files.pictures import Pictures
from app.ui.files.sources.editing import SourceEdits
from app.ui.palette.finding import FindBlock
from app.ui.palette.templates import Templates
from app.ui.state.documents import SAMPLES
from app.ui.state.services import Services
from app.ui.state.settings import Settings
from app.ui.state.tasks import Tasks
from app.ui.tools.measure.opener import MeasureOpener
from app.ui.widgets import dialogs
from app.ui.window.actions import add_action, add_path_menu

Standard = QKeySequence.StandardKey


def fill_file_menu(
    menu: QMenu, settings: Settings, files: OpenFiles, templates: Templates
) -> tuple[QAction, QAction, QAction]:
    """What is done with plan files of the program's own; New, Open and Save are returned."""
    new = add_action(menu, "&New plan", files.new_plan, Standard.New, "new-plan")
    new.setShortcuts([*QKeySequence.keyBindings(Standard.New), QKeySequence("Ctrl+T")])
    new.setToolTip("New plan with the whole model, in a new tab")
    _fill_template_menu(menu.addMenu("New from &template"), templates.ask_for_new)
    open_plan = add_action(menu, "&Open plan …", files.choose_plan, Standard.Open, "open")
    forget = settings.forget_recent
    add_path_menu(menu, "Open &recent", settings.recent_plans, files.open_plan, forget)
    _fill_sample_menu(menu.addMenu("Open sa&mple"), files.open_sample)
    menu.addSeparator()
    add_action(menu, "&Close plan", files.close_plan, "Ctrl+W")
    save = add_action(menu, "&Save", files.save, Standard.Save, "save")
    add_action(menu, "Save &as …", files.save_as, "Ctrl+Shift+S")
    menu.addSeparator()
    return new, open_plan, save


def fill_exchange_menu(menu: QMenu, tasks: Tasks, exchange: Exchange, pictures: Pictures) -> None:
    """What is done with the files of other programs, and with pictures."""

    def export(form: Form) -> None:
        tasks.start(exchange.export(form))

    add_action(menu, "&Import …", lambda: tasks.start(exchange.choose()), "Ctrl+Shift+I")
    forms = menu.addMenu("&Export as")
    for form in FORMS:
        key, icon = ("Ctrl+E", "export") if form is LAYER_BLOCKS else (None, "")
        add_action(forms, f"{form.title} …", partial(export, form), key, icon)
    add_action(menu, "Export p&icture …", lambda: tasks.start(pictures.export()), "Ctrl+Shift+E")
    add_action(menu, "&Print …", lambda: tasks.start(pictures.print()), Standard.Print)
    menu.addSeparator()


def fill_edit_menu(menu: QMenu, canvas: Canvas, find_block: FindBlock) -> None:
    """Undo, the clipboard, and what is found in the plan."""
    _add_all(menu, canvas.commands.edit)
    menu.addSeparator()
    add_action(menu, "&Find block …", find_block.open, Standard.Find, "search")


def fill_plan_menu(
    menu: QMenu, canvas: Canvas, templates: Templates, run: Callable[[], None], flow: ReplyFlow
) -> tuple[QAction, QAction]:
    """Run and Stop, which are returned, and what is added to the plan."""
    run_action = add_action(menu, "&Run", run, "Ctrl+R", "run")
    stop = add_action(menu, "&Stop", flow.stop, "Ctrl+.", "stop")
    run_action.setToolTip("Open the plan in the engine (Ctrl+R)")
    stop.setToolTip("Stop the engine's current job (Ctrl+.)")

    def show_busy(busy: bool) -> None:
        run_action.setEnabled(not busy)
        stop.setEnabled(busy)

    commands = canvas.commands
    menu.addSeparator()
    _add_all(menu, [*commands.add, None])
    commands.annotations.fill_menu_bar(menu)
    _add_all(menu.addMenu("By &keyboard"), commands.keyboard.all)
    _add_all(menu, [None, commands.arrange])
    _fill_template_menu(menu.addMenu("Insert &template"), templates.ask_to_insert)
    show_busy(False)
    flow.busy_changed.connect(show_busy)
    return run_action, stop


def fill_model_menu(
    menu: QMenu, settings: Settings, files: OpenFiles, source_edits: SourceEdits
) -> None:
    """What is done with model files."""
    add_action(menu, "&Open model …", files.choose_model, "Ctrl+M", "model")
    forget = settings.forget_recent
    add_path_menu(menu, "Open &recent", settings.recent_models, files.open_model, forget)
    add_action(menu, "&Bundled model", files.open_bundled_model)
    add_action(menu, "Add &source …", source_edits.choose, "Ctrl+Alt+M", "add")
    menu.addSeparator()
    add_action(menu, "&New plan with the whole model", files.new_plan)


def fill_measure_menu(menu: QMenu, opener: MeasureOpener) -> None:
    """What is measured, each in a dialog of its own."""
    add_action(menu, "&Influence of the layers …", opener.show_influence, "F7")
    add_action(menu, "&Perplexity and difference …", opener.show_scores, "F8")
    add_action(menu, "&Fit into memory …", opener.show_fit, "F9")
    add_action(menu, "&Sweep a fader …", opener.show_sweep, "F6")


def fill_view_menu(
    menu: QMenu,
    services: Services,
    canvas: Canvas,
    docks: Mapping[str, QDockWidget],
    reset_layout: Callable[[], None],
) -> None:
    """What the canvas shows, which plan, and which docks."""
    commands = canvas.commands
    _add_all(menu, [a for a in commands.view if a is not commands.arrange])
    _add_minimap_switch(menu, services.settings, canvas)
    menu.addSeparator()
    show_neighbour = services.documents.show_neighbour
    add_action(menu, "&Next plan", partial(show_neighbour, 1), "Ctrl+Tab")
    add_action(menu, "&Previous plan", partial(show_neighbour, -1), "Ctrl+Shift+Tab")
    menu.addSeparator()
    for dock in docks.values():
        menu.addAction(dock.toggleViewAction())
    menu.addSeparator()
    add_action(menu, "&Reset layout", reset_layout)


def fill_help_menu(menu: QMenu, window: QMainWindow, tasks: Tasks) -> None:
    """The keys, and what the program is."""
    keys = add_action(menu, "&Keys and gestures", lambda: _show_keys(window), "?")
    keys.setShortcuts([QKeySequence("F1"), QKeySequence("?")])
    add_action(menu, "&About Llama Blocks", lambda: tasks.start(_show_about(window)))


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


def _fill_sample_menu(samples: QMenu, choose: Callable[[Path], object]) -> None:
    """The plans that come with the program; each file's first comment says what it shows."""
    samples.setToolTipsVisible(True)
    for path in sorted(SAMPLES.glob("*.txt")):
        words = path.stem.replace("-", " ").capitalize()
        action = add_action(samples, words, partial(choose, path))
        comments = (line[2:] for line in path.read_text("utf-8").splitlines() if line[:2] == "# ")
        action.setToolTip(" ".join(comments))


def _add_minimap_switch(menu: QMenu, settings: Settings, canvas: Canvas) -> None:
    is_shown = settings.shows_minimap()
    action = menu.addAction("Mini&map")
    action.setShortcut("Ctrl+Shift+M")
    action.setCheckable(True)
    action.setChecked(is_shown)
    canvas.minimap.set_wanted(is_shown)
    action.toggled.connect(canvas.minimap.set_wanted)
    action.toggled.connect(settings.save_shows_minimap)


def _show_keys(window: QMainWindow) -> None:
    from app.ui.window.keys_dialog import KeysDialog

    KeysDialog(window.menuBar(), window).show()


async def _show_about(window: QMainWindow) -> None:
    await dialogs.tell(
        window,
        "Llama Blocks",
        "Compose block graphs of a language model's layers and talk to the result at once. MIT "
        "licence. The engine is llama.cpp with a small patch; the bundled model is "
        "SmolLM2-135M-Instruct (Apache-2.0), with a fine-tune of its last layers (Apache-2.0).",
    )
