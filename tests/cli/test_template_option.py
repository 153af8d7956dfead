"""`generate --chat-template`: a name, a file, or what is neither."""

from __future__ import annotations

from pathlib import Path

from tests.main_program import answer, complaint

ASK = ("generate", "--prompt", "What is the capital of France?", "--temp", "0", "--n-predict", "2")


def test_a_file_is_a_template(tmp_path: Path) -> None:
    path = tmp_path / "own.jinja"
    path.write_text(
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "<|im_start|>assistant{{ '\\n' }}"
    )
    own = answer(*ASK, "--chat-template", str(path))
    named = answer(*ASK, "--chat-template", "chatml")
    assert (own["text"], own["n_prompt"]) == (named["text"], named["n_prompt"])
    assert answer(*ASK, "--chat-template", "zephyr")["n_prompt"] != named["n_prompt"]
    none = answer(*ASK, "--chat-template", "none")
    assert none["n_prompt"] == answer(*ASK, "--raw")["n_prompt"] < named["n_prompt"]


def test_what_is_neither_a_name_nor_a_file_is_told(tmp_path: Path) -> None:
    said = complaint(*ASK, "--chat-template", "chatlm", status=2)
    assert "“chatlm”" in said and "chatml" in said
    path = tmp_path / "bad.jinja"
    path.write_text("{% for m in messages %}")
    assert "cannot be read" in complaint(*ASK, "--chat-template", str(path))
    path.write_bytes(b"\xff\xfe")
    assert "UTF-8" in complaint(*ASK, "--chat-template", str(path))
