"""A thousand conversations of a hundred messages: to list, search, open and show them."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from app.conversations.conversation import Conversation
from app.conversations.store import Store
from app.ui.application import make_application
from app.ui.chat.transcript import Transcript
from tests.bench.row import Row

HELD_OUT = Path(__file__).with_name("held_out.txt")
N_CONVERSATIONS, N_MESSAGES = 1000, 100
SEARCHES = ("the", "t", "house of", "lighthouse keeper", "日本", "%")
N_ROUNDS = 5
GOAL = "< 200"


def rows(_model: Path) -> Iterator[Row]:
    """All rows of this part."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "conversations.sqlite")
        store = Store(path)
        store.save_all(_conversations())
        store.close()
        peer = f"{N_CONVERSATIONS * N_MESSAGES:,} messages"
        yield Row("conversations-list", _ms(lambda: _list(path)), "ms", GOAL, peer)
        store = Store(path)
        slowest = max(_ms(lambda query=query: store.summaries(query)) for query in SEARCHES)
        yield Row("conversations-search", slowest, "ms", GOAL, "the slowest of six searches")
        ids = [summary.id for summary in store.summaries()]
        yield Row(
            "conversation-open", _ms(lambda: _show(store, random.choice(ids))), "ms", GOAL, peer
        )
        store.close()


def _ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(N_ROUNDS):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1e3)
    return median(times)


def _list(path: Path) -> None:
    """As at the start: the file is opened, too."""
    store = Store(path)
    assert len(store.summaries()) == N_CONVERSATIONS
    store.close()


def _show(store: Store, id: str) -> None:
    """From the database onto the screen."""
    app = make_application()
    transcript = Transcript()
    transcript.resize(372, 600)
    conversation = store.load(id)
    assert conversation is not None
    assert len(conversation.path) == N_MESSAGES
    transcript.show_path(conversation)
    transcript.show()
    app.processEvents()
    transcript.deleteLater()


def _conversations() -> Iterator[Conversation]:
    """Prompts and replies of ten to a hundred words out of a text."""
    words, chance = HELD_OUT.read_text(encoding="utf-8").split(), random.Random(1)
    for _ in range(N_CONVERSATIONS):
        conversation, at = Conversation(), None
        for number in range(N_MESSAGES):
            start, n = chance.randrange(len(words) - 100), chance.randrange(10, 100)
            text = " ".join(words[start : start + n])
            at = conversation.add("assistant" if number % 2 else "user", text, at).id
        yield conversation
