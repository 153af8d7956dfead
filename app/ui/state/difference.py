"""What differs between a file on disk and the plan that is open here, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtWidgets import QWidget

from app.plan import files
from app.plan.document import Plan
from app.plan.writer import write_document
from app.ui.state.tasks import in_thread
from app.ui.widgets import dialogs

SHOW_DIFFERENCE = "Show difference"


async def ask_with_difference(
    parent: QWidget,
    text: str,
    explanation: str,
    choices: Sequence[str],
    theirs: bytes,
    mine: Plan,
) -> str:
    """The chosen words, as `dialogs.ask`; the difference may be looked at before choosing."""
    answer = await dialogs.ask(parent, text, explanation, (*choices, SHOW_DIFFERENCE))
    if answer != SHOW_DIFFERENCE:
        return answer
    return await show_difference(parent, text, choices, theirs, mine)


async def show_difference(
    parent: QWidget, title: str, choices: Sequence[str], theirs: bytes, mine: Plan
) -> str:
    """The words chosen under the difference; CANCEL when it was only looked at."""
    from app.ui.widgets.difference_dialog import DifferenceDialog

    lines = await in_thread(difference, theirs, mine)
    dialog = DifferenceDialog(parent, title, choices, lines)
    await dialogs.finished(dialog)
    return dialog.answer


def difference(theirs: bytes, mine: Plan) -> str:
    """The unified difference from a file's content to a plan's text; '' where they are alike.

    Any thread may call it.
    """
    from difflib import unified_diff

    text = files.text_in(theirs)
    before = text.splitlines()
    after = write_document(mine if '"at"' in text else _without_places(mine)).splitlines()
    return "\n".join(unified_diff(before, after, "on disk", "open here", lineterm=""))


def _without_places(plan: Plan) -> Plan:
    """For files in which nobody placed anything: the places would be all one sees."""
    return plan.with_blocks(*(replace(b, position=None) for b in plan.blocks.values()))
