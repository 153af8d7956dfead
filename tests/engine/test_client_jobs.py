"""Every job that is submitted is answered, whatever happens to the engine process meanwhile."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, wait

import pytest

from app.engine import client as client_module
from app.engine.client import EngineClient, EngineState
from app.engine.errors import EngineDied, JobCancelled
from app.engine.messages import Close, Result

N_JOBS = 10_000
N_PER_DEATH = 25
"""So that the engine is killed some hundred times."""


@pytest.fixture(autouse=True)
def killed_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An engine process that is killed as soon as it lives, and threads that change places as often
    as Python lets them."""
    monkeypatch.setattr(client_module, "_COMMAND", ("/bin/sh", "-c", "kill -9 $$"))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def errors_of(futures: list[Future[Result]]) -> Counter[type[BaseException] | None]:
    done, lost = wait(futures, timeout=20)
    assert not lost, f"{len(lost)} of {len(futures)} jobs were never answered"
    return Counter(type(future.exception()) for future in done)


def test_no_job_is_lost_when_the_engine_is_killed() -> None:
    n_deaths = 0

    def on_state(state: EngineState) -> None:
        nonlocal n_deaths
        n_deaths += state.phase == "died"

    client = EngineClient(on_state)
    futures: list[Future[Result]] = []

    def submit() -> None:
        while len(futures) < N_JOBS:
            futures.append(client.submit(Close()))
            give_up = time.monotonic() + 5  # no death follows a job that was lost
            while len(futures) > N_PER_DEATH * (n_deaths + 1) and time.monotonic() < give_up:
                time.sleep(0)

    thread = threading.Thread(target=submit)
    thread.start()
    thread.join()
    try:
        assert errors_of(futures) == {EngineDied: N_JOBS}
    finally:
        client.close()
    assert n_deaths > 100


def test_no_job_is_lost_when_the_client_is_closed() -> None:
    for _ in range(20):
        client = EngineClient()
        futures: list[Future[Result]] = []
        is_over = threading.Event()

        def submit(
            client: EngineClient = client,
            futures: list[Future[Result]] = futures,
            is_over: threading.Event = is_over,
        ) -> None:
            while not is_over.is_set():
                futures.append(client.submit(Close()))
                time.sleep(0)

        thread = threading.Thread(target=submit)
        thread.start()
        while not futures:
            time.sleep(0)
        client.close()
        futures.append(client.submit(Close()))
        is_over.set()
        thread.join(10)
        assert set(errors_of(futures)) <= {EngineDied, JobCancelled}
        assert type(futures[-1].exception()) in (EngineDied, JobCancelled)
