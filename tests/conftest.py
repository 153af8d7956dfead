"""What all tests share: Qt without a screen, steady Hypothesis, the model and the libraries."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from app.engine.bundled import bundled_model

BUILD = Path(__file__).parents[1] / "build"

# For tests that ask the bindings themselves; set before they are first imported.
os.environ.setdefault("LLAMA_CPP_LIB_PATH", str(BUILD / "native" / "lib"))
# Set before Qt is first imported. QT_QPA_PLATFORM=xcb shows the windows of the tests instead.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# A busy machine must fail no test, and a run of CI must be the same as the one before.
settings.register_profile("steady", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("steady")


# Where several workers share the machine, each has a core of its own. The processes that it starts
# stay on it, and the engine takes a thread for each core that it may use: more threads than cores
# wait for each other.
worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if worker and hasattr(os, "sched_setaffinity"):
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})


@pytest.fixture(scope="session", autouse=True)
def user_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Folders of no user, so that no test reads or writes anyone's settings and conversations."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        yield


@pytest.fixture(scope="session")
def model_path() -> Path:
    """The bundled model, SmolLM2-135M-Instruct in Q4_1: 30 layers."""
    return bundled_model()


@pytest.fixture(scope="session")
def unpatched_lib() -> Path:
    """The folder of libllama as upstream made it, to be loaded in a process of its own."""
    folder = BUILD / "unpatched" / "lib"
    assert (folder / "libllama.so").exists(), "It is not built: type “make unpatched” first."
    return folder
