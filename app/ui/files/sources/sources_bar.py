"""Says over the canvas which model file of the shown plan is missing, and offers to find it."""

from __future__ import annotations

from app.ui.files.sources.editing import SourceEdits
from app.ui.state.open_model import NO_MODEL
from app.ui.state.plan_sources import FIND, LOOKING
from app.ui.state.services import Services
from app.ui.widgets.message_bar import Link, MessageBar


class SourcesBar(MessageBar):
    """Shown while the model files of the shown plan cannot be used as they are."""

    def __init__(self, services: Services, edits: SourceEdits) -> None:
        super().__init__()
        self._sources = services.sources
        self._model = services.model
        self._edits = edits
        self._sources.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        why = self._model.why_none
        self.setVisible(why not in ("", LOOKING, NO_MODEL))
        if self.isHidden():
            return
        missing, links = self._sources.missing, []
        if missing is not None:
            links.append(Link(FIND, lambda: self._edits.find(missing.name)))
        if self._model.chosen:
            name = self._model.chosen[0].path.stem
            links.append(Link(f"Use {name} instead", self._edits.use_chosen))
        self.say("error", why, links)
