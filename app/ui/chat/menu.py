"""What can be done in the chat by menu and key, each enabled while there is something for it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu

from app.ui.chat.conversations.actions import ConversationActions
from app.ui.chat.message.view import MessageView
from app.ui.chat.reply_flow import ReplyFlow
from app.ui.chat.transcript import Transcript
from app.ui.state.services import Services


class ChatMenu:
    """The actions of the Chat menu; they go for what was said last."""

    def __init__(
        self,
        services: Services,
        flow: ReplyFlow,
        actions: ConversationActions,
        transcript: Transcript,
    ) -> None:
        self._flow = flow
        self._conversations = services.conversations
        self._actions = actions
        self._transcript = transcript
        self._tasks = services.tasks
        self._needs: list[tuple[QAction, Callable[[], bool]]] = []

    def fill(self, menu: QMenu, find: Callable[[], object]) -> None:
        """Put the actions into the menu; `find` brings the list of conversations up."""
        exchange, start = self._actions.exchange, self._tasks.start
        self._add(menu, "&New conversation", self._actions.begin, "Ctrl+Shift+N")
        self._add(menu, "&Find in conversations …", find, "Ctrl+Shift+F")
        menu.addSeparator()
        self._add(menu, "&Edit last message", self._edit, "Ctrl+Shift+P", self._may_edit)
        self._add(menu, "&Regenerate", self._flow.regenerate, "Ctrl+Shift+R", self._may_answer)
        self._add(
            menu,
            "Regenerate with the same &settings",
            self._regenerate_same,
            needs=self._may_regenerate_same,
        )
        self._add(menu, "Con&tinue the reply", self._continue, "Ctrl+Shift+K", self._may_continue)
        self._add(menu, "As&k another plan …", self._ask_other, "Ctrl+Shift+A", self._may_ask_other)
        self._add(
            menu,
            "&Previous variant",
            lambda: self._flip(-1),
            "Alt+PgUp",
            lambda: self._may_flip(-1),
        )
        self._add(
            menu, "Ne&xt variant", lambda: self._flip(1), "Alt+PgDown", lambda: self._may_flip(1)
        )
        self._add(menu, "&Copy last reply", self._copy, "Ctrl+Shift+C", self._may_copy)
        menu.addSeparator()
        self._add(menu, "&Delete conversation", self._remove, needs=self._is_kept)
        self._add(
            menu,
            "Exp&ort conversation …",
            lambda: start(exchange.export_open()),
            needs=self._is_kept,
        )
        self._add(menu, "Export &all conversations …", lambda: start(exchange.export_all()))
        self._add(menu, "&Import conversations …", lambda: start(exchange.import_file()))
        self._flow.busy_changed.connect(self._show_needs)
        self._conversations.replaced.connect(self._show_needs)
        self._show_needs()

    def _add(
        self,
        menu: QMenu,
        words: str,
        do: Callable[[], object],
        key: str = "",
        needs: Callable[[], bool] | None = None,
    ) -> None:
        action = QAction(words, menu)
        if key:
            action.setShortcut(key)
        action.triggered.connect(lambda _checked=False: do())
        menu.addAction(action)
        if needs is not None:
            self._needs.append((action, needs))

    def _show_needs(self, _busy: bool = False) -> None:
        for action, needs in self._needs:
            action.setEnabled(needs())

    def _is_kept(self) -> bool:
        return bool(self._conversations.current.messages)

    def _may_answer(self) -> bool:
        return self._is_kept() and not self._flow.busy

    def _may_edit(self) -> bool:
        return self._may_answer() and self._transcript.last("user") is not None

    def _edit(self) -> None:
        view = self._transcript.last("user")
        assert view is not None
        self._transcript.edit(view)

    def _may_regenerate_same(self) -> bool:
        return self._may_answer() and self._transcript.last("reply") is not None

    def _regenerate_same(self) -> None:
        view = self._transcript.last("reply")
        assert view is not None
        self._flow.regenerate_same(view.id)

    def _may_continue(self) -> bool:
        view = self._last()
        return self._may_answer() and view is not None and view.head.can_continue

    def _continue(self) -> None:
        view = self._last()
        assert view is not None
        self._flow.continue_reply(view.id)

    def _may_ask_other(self) -> bool:
        return self._may_answer() and self._transcript.last("reply") is not None

    def _ask_other(self) -> None:
        view = self._transcript.last("reply")
        assert view is not None
        self._transcript.ask_other_requested.emit(view.id)

    def _may_copy(self) -> bool:
        return self._transcript.last("reply") is not None

    def _copy(self) -> None:
        view = self._transcript.last("reply")
        assert view is not None
        QGuiApplication.clipboard().setText(view.answer)

    def _may_flip(self, step: int) -> bool:
        return self._may_answer() and bool(self._neighbour(step))

    def _flip(self, step: int) -> None:
        self._actions.flip_to(self._neighbour(step))

    def _neighbour(self, step: int) -> str:
        """The variant beside the last message that has any, '' where there is none."""
        conversation = self._conversations.current
        for message in reversed(conversation.path):
            ids = [m.id for m in conversation.variants(message.id)]
            if len(ids) > 1:
                place = ids.index(message.id) + step
                return ids[place] if 0 <= place < len(ids) else ""
        return ""

    def _remove(self) -> None:
        self._actions.remove(self._conversations.current.id)

    def _last(self) -> MessageView | None:
        return next((v for v in reversed(self._transcript.messages) if v.id), None)
