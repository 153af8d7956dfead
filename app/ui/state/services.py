"""What the window is built over: all that has no look, each part once, built in the order in which
one needs the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import QWidget

from app.plan.document import Plan
from app.ui.state.autosave import Autosave
from app.ui.state.bundled_model import BundledModel
from app.ui.state.conversations import Conversations
from app.ui.state.disk_watch import DiskWatch
from app.ui.state.documents import Documents
from app.ui.state.editor import PlanEditor
from app.ui.state.engine_bridge import EngineBridge
from app.ui.state.layer_influence import LayerInfluence
from app.ui.state.memory_check import MemoryCheck
from app.ui.state.memory_watch import MemoryWatch
from app.ui.state.notices import Notices
from app.ui.state.open_model import OpenModel
from app.ui.state.plan_opener import PlanOpener
from app.ui.state.plan_runner import PlanRunner
from app.ui.state.plan_sources import PlanSources
from app.ui.state.recovery import RecoveryFolder
from app.ui.state.reply_settings import ReplySettings
from app.ui.state.settings import Settings
from app.ui.state.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Services:
    """Widgets and tools take this record and hear the signals of what is in it; they tell each
    other nothing else. `window` is what dialogs are shown over."""

    window: QWidget
    tasks: Tasks
    notices: Notices
    settings: Settings
    engine: EngineBridge
    estimator: EngineBridge
    """A process of its own for dry runs, which never holds weights."""
    editor: PlanEditor
    documents: Documents
    model: OpenModel
    bundled: BundledModel
    sources: PlanSources
    autosave: Autosave
    disk_watch: DiskWatch
    reply_settings: ReplySettings
    conversations: Conversations
    runner: PlanRunner
    memory_watch: MemoryWatch
    memory_check: MemoryCheck
    opener: PlanOpener
    influence: LayerInfluence


def build_services(
    window: QWidget,
    engine: EngineBridge,
    estimator: EngineBridge,
    settings: Settings,
    find_bundled_model: Callable[[], Path],
    with_places: Callable[[Plan], Plan],
) -> Services:
    """The services of a window. `find_bundled_model` raises ModelFileError when it is not
    installed; `with_places` gives a position to blocks that have none, in any thread."""
    tasks, notices = Tasks(), Notices(window)
    editor = PlanEditor(parent=window)
    documents = Documents(editor, settings, with_places, window)
    model = OpenModel(window)
    bundled = BundledModel(find_bundled_model)
    sources = PlanSources(documents, model, bundled, settings, tasks)
    reply_settings = ReplySettings(settings, model, bundled)
    runner = PlanRunner(engine, documents, model, reply_settings, tasks)
    watch = MemoryWatch(estimator, runner, reply_settings, settings, tasks)
    autosave = Autosave(documents, RecoveryFolder(settings.recovery_folder), tasks)
    for signal in (sources.notice, runner.notice, autosave.failed):
        signal.connect(notices.posted)
    return Services(
        window=window,
        tasks=tasks,
        notices=notices,
        settings=settings,
        engine=engine,
        estimator=estimator,
        editor=editor,
        documents=documents,
        model=model,
        bundled=bundled,
        sources=sources,
        autosave=autosave,
        disk_watch=DiskWatch(documents, tasks),
        reply_settings=reply_settings,
        conversations=Conversations(settings.conversations_path, tasks, window),
        runner=runner,
        memory_watch=watch,
        memory_check=MemoryCheck(watch, runner),
        opener=PlanOpener(runner, sources, watch, window),
        influence=LayerInfluence(model, tasks),
    )
