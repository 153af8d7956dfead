"""The documents for developers: what they name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "native/README.md", "plans/README.md")
SOURCES = (".py", ".cpp", ".h", ".patch")
IN_TREE = re.compile(r"(app|native|plans|resources|tests)/[\w./*-]*")
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
