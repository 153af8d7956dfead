"""The documents for developers: what they name is there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "app/README.md", "native/README.md", "plans/README.md")
SOURCES = (".py", ".cpp", ".h", ".patch", ".toml")
IN_TREE = re.compile(r"(app|native|plans|resources|tests)/[\w./*-]*")
NAME = re.compile(r"([A-Za-z_][\w.]*)(\(\))?")
BESIDE = re.compile(rf"(?!llama\.cpp)[\w-]+({'|'.join(map(re.escape, SOURCES))})")


def code_in(document: str) -> list[str]:
    """What stands in backticks, outside of indented blocks."""
    text = (ROOT / document).read_text()
    prose = "\n".join(line for line in text.splitlines() if not line.startswith("    "))
    return re.findall(r"`([^`\n]+)`", prose)


def beside(document: str, name: str) -> bool:
    """Whether the file is in the document's folder or at the top."""
    return ((ROOT / document).parent / name).is_file() or (ROOT / name).is_file()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_a_document_names_exists(document: str) -> None:
    words = [word for code in code_in(document) for word in code.split()]
    missing = [w for w in words if IN_TREE.fullmatch(w) and not list(ROOT.glob(w))]
    missing += [w for w in words if BESIDE.fullmatch(w) and not beside(document, w)]
    assert missing == []
    assert any(IN_TREE.fullmatch(word) for word in words)


@cache
def words_of_the_source() -> frozenset[str]:
    files = (f for room in ("app", "native") for f in (ROOT / room).rglob("*"))
    text = "\n".join(f.read_text() for f in files if f.suffix in SOURCES)
    return frozenset(re.findall(r"[A-Za-z_]\w*", text))


def test_every_name_in_the_map_is_in_the_source() -> None:
    code = [word for word in code_in("app/README.md") if not BESIDE.fullmatch(word)]
    names = [found[1] for word in code if (found := NAME.fullmatch(word))]
    assert names
    unknown = [n for n in names if not words_of_the_source().issuperset(n.split("."))]
    assert unknown == []


def test_the_map_names_every_room() -> None:
    text = (ROOT / "app/README.md").read_text()
    rooms = [
        folder.relative_to(ROOT).as_posix()
        for parent in (ROOT / "app", ROOT / "app" / "ui")
        for folder in sorted(parent.iterdir())
        if (folder / "__init__.py").exists()
    ]
    assert [room for room in rooms if f"`{room}`" not in text] == []
