"""The journey without a display, over the real engine and the bundled model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
STEPS = ("start", "edit", "problem", "text", "tabs", "chat", "fader")


def tour(out: Path) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.run(
        [sys.executable, "main.py", "tour", "--out", str(out)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=200,
    )


def test_tour_tells_and_photographs_every_step(tmp_path: Path) -> None:
    done = tour(tmp_path / "pictures")
    assert done.returncode == 0, done.stderr
    names = sorted(p.name for p in (tmp_path / "pictures").iterdir())
    assert names == [f"0{n}-{step}.png" for n, step in enumerate(STEPS, 1)]
    assert all(p.stat().st_size > 10_000 for p in (tmp_path / "pictures").iterdir())
    for words in ("Fits", "Problem:", "You: What is the capital of France?"):
        assert words in done.stdout
    pirate, plain = (line for line in done.stdout.splitlines() if line.startswith("Model: "))
    assert "th' capital o' France be Paris" in pirate
    assert "The capital of France is Paris" in plain


def test_tour_names_the_step_that_failed(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    done = tour(blocked)
    assert done.returncode != 0
    assert "The tour failed" in done.stderr
    assert "folder for the pictures" in done.stderr
