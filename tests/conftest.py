"""What all tests share: Qt without a screen, steady Hypothesis, the model and the libraries."""

from __future__ import annotations

import os
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
