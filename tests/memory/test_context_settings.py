"""Settings of a context that are out of their range, or larger than others let them be."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from app.memory.context_settings import SETTINGS, ContextSettings


def test_the_usual_settings_are_in_range() -> None:
    assert ContextSettings().in_range() == ContextSettings()
    assert [field.name for field in fields(ContextSettings)] == list(SETTINGS)


@pytest.mark.parametrize("name", ["n_ctx", "n_threads", "n_batch", "n_ubatch"])
def test_numbers_of_a_damaged_file_come_into_their_range(name: str) -> None:
    setting = SETTINGS[name]
    for wrong, right in ((-5, setting.least), (1 << 40, setting.most)):
        settings = replace(ContextSettings(), **{name: wrong}).in_range()
        assert settings == replace(ContextSettings(), **{name: right})
        assert "is not a whole number" in (setting.why_not(wrong) or "")
        assert setting.why_not(right) is None


def test_the_physical_batch_is_cut_down_to_the_batch_and_the_context() -> None:
    assert ContextSettings(4096, n_batch=512, n_ubatch=64).n_at_once == 64
    assert ContextSettings(4096, n_batch=64, n_ubatch=512).n_at_once == 64
    assert ContextSettings(256, n_batch=2048, n_ubatch=2048).n_at_once == 256
