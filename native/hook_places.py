"""Shows what a newer llama.cpp changed where hooks.patch takes hold: `hook_places.py NEW [OLD]`.

NEW and OLD are source trees of llama.cpp, or llama-cpp-python's source distributions, unpacked or
not; OLD is build/upstream. For each function or record that a hook goes into, the difference
between the two is printed.
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

NATIVE = Path(__file__).resolve().parent
UPSTREAM = NATIVE.parent / "build" / "upstream"
BUNDLED = "vendor/llama.cpp/"
SUFFIXES = (".cpp", ".h", ".txt")


@dataclass(frozen=True)
class Place:
    """What a hook goes into: a function, a record or a paragraph of a file."""

    file: str
    header: str
    lines: tuple[str, ...]

    @property
    def name(self) -> str:
        """Short words for the place."""
        return _name_in(self.header) or self.header.strip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("new", type=Path)
    parser.add_argument("old", type=Path, nargs="?", default=UPSTREAM)
    arguments = parser.parse_args()
    old, new = read_sources(arguments.old), read_sources(arguments.new)
    for path, files in ((arguments.old, old), (arguments.new, new)):
        if not files:
            print(f"“{path}” holds no source of llama.cpp.", file=sys.stderr)
            return 2
    places = hook_places((NATIVE / "hooks.patch").read_text(), old)
    n_changed = 0
    for place in places:
        difference = compare(place, new)
        n_changed += bool(difference)
        print(f"{place.file}: {place.name}: {'changed' if difference else 'the same'}")
        for line in difference:
            print(f"    {line}")
    print(f"{n_changed} of {len(places)} places changed.")
    return 0


def read_sources(path: Path) -> dict[str, str]:
    """The texts of src/, by their path in llama.cpp's tree."""
    if path.is_file():
        texts = {}
        with tarfile.open(path) as archive:
            for member in archive:
                name = member.name.partition(BUNDLED)[2]
                if name.startswith("src/") and name.endswith(SUFFIXES) and member.isfile():
                    data = archive.extractfile(member)
                    assert data is not None
                    texts[name] = data.read().decode(errors="replace")
        return texts
    tree = path / BUNDLED if (path / BUNDLED).is_dir() else path
    return {
        str(file.relative_to(tree)): file.read_text(errors="replace")
        for file in sorted((tree / "src").rglob("*"))
        if file.name.endswith(SUFFIXES)
    }


def hook_places(patch: str, sources: Mapping[str, str]) -> list[Place]:
    """The places of the patch's hunks in the sources that it was made for, each once."""
    places: dict[Place, None] = {}
    file = ""
    for hunk in re.finditer(r"(?m)^--- a/(\S+)|^@@ -(\d+),.*\n((?:[ +-].*\n|\n)*)", patch):
        if hunk[1]:
            file = hunk[1]
            continue
        at = int(hunk[2]) - 1
        for line in hunk[3].splitlines():
            if line.startswith(("+", "-")):
                break
            at += 1
        places[place_at(file, sources[file].splitlines(), at)] = None
    return list(places)


def place_at(file: str, lines: list[str], at: int) -> Place:
    """What encloses a line: from the last line that begins something at the margin to its end."""
    begin = at
    while begin > 0 and not _begins(lines[begin]):
        begin -= 1
    end = begin
    while end < len(lines) - 1 and not lines[end].startswith(("}", ")")):
        if end > begin and _begins(lines[end]) and not lines[end].startswith("{"):
            break
        end += 1
    if end < at:
        # between definitions: the paragraph
        begin = end = at
        while begin > 0 and lines[begin - 1].strip():
            begin -= 1
        while end < len(lines) - 1 and lines[end + 1].strip():
            end += 1
    return Place(file, lines[begin], tuple(lines[begin : end + 1]))


def compare(place: Place, sources: Mapping[str, str]) -> list[str]:
    """What is different about the same place in other sources, in lines; none for nothing."""
    now = _find(place, sources)
    if now is None:
        return [f"It is not there any more: look for what took over from “{place.name}”."]
    moved = [f"It is now in {now.file}."] if now.file != place.file else []
    return [*moved, *difflib.unified_diff(place.lines, now.lines, "old", "new", lineterm="")]


def _find(place: Place, sources: Mapping[str, str]) -> Place | None:
    """The likest place with the same header, or else the same name: in its file first, then in
    others."""
    name = _name_in(place.header)
    others = [file for file in sources if name and file != place.file]
    for is_same in (
        lambda line: line == place.header,
        lambda line: bool(name) and _begins(line) and _name_in(line) == name,
    ):
        for file in (place.file, *others):
            lines = sources.get(file, "").splitlines()
            found = [
                place_at(file, lines, at)
                for at, line in enumerate(lines)
                if is_same(line) and not line.endswith(";")
            ]
            if found:
                return max(found, key=lambda now: _likeness(place, now))
    return None


def _likeness(one: Place, other: Place) -> float:
    return difflib.SequenceMatcher(None, one.lines, other.lines, autojunk=False).ratio()


def _begins(line: str) -> bool:
    return bool(re.match(r"[A-Za-z_]", line)) and not re.match(r"(public|private|protected):", line)


def _name_in(header: str) -> str:
    """The qualified name of the function or record that a line begins; "" for none."""
    found = re.match(r"(?:struct|class|enum)\s+(\w+)\s*[{:]", header)
    found = found or re.search(r"([\w:~]+)\s*\(", header)
    return found[1] if found else ""


if __name__ == "__main__":
    sys.exit(main())
