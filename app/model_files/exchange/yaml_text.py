"""YAML read into values that know their lines, whatever the text: bounded, and building nothing.

Anchors are followed without copying, so that a text of nested aliases stays as small as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from app.plan.lines import shown
from app.plan.problem import Problem

MAX_TEXT_BYTES = 128 * 1024
"""A configuration is far smaller; PyYAML takes seconds for what is larger."""

Scalar = None | bool | int | float | str
Data = Scalar | dict[str, "Value"] | list["Value"]

_MARK = "tag:yaml.org,2002:"
_NUMBERS = {f"{_MARK}{kind}" for kind in ("null", "bool", "int", "float")}
_TEXTS = {f"{_MARK}{kind}" for kind in ("str", "timestamp", "value", "merge")}


@dataclass(slots=True)
class Value:
    """A scalar, a mapping or a list of values, and the line where it begins, from 1."""

    line: int
    data: Data = None


class YamlError(Exception):
    """A text that is no YAML, or not of the kind that is read here."""

    def __init__(self, message: str, fix: str, line: int | None = None) -> None:
        super().__init__(message)
        self.problem = Problem("yaml", message, fix, line=line)


def read_yaml(text: str) -> Value:
    """The one document in the text. Raises YamlError."""
    if len(text.encode("utf-8", errors="replace")) > MAX_TEXT_BYTES:
        raise YamlError(
            f"The file is larger than {MAX_TEXT_BYTES // 1024} KiB, so it is not a configuration.",
            "Choose the YAML file for mergekit.",
        )
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            raise YamlError("The file is empty.", "Choose another file.")
        return _Conversion(loader).value(node)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(
            f"There is a character that YAML does not allow (number {error.character}).",
            "Remove it from the line.",
            line,
        ) from None
    except RecursionError:
        raise YamlError(
            "Its lists or mappings are nested too deeply.",
            "A mergekit configuration has five levels at most.",
        ) from None


def _syntax_error(error: yaml.MarkedYAMLError) -> YamlError:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else None
    if error.context and error.context.startswith("expected a single document"):
        return YamlError(
            "The file holds several configurations, one after the other (“---”).",
            "Save the one you want as a separate file; the others make models that the next "
            "ones need.",
            line,
        )
    said = " ".join(part for part in (error.context, error.problem) if part)
    return YamlError(
        f"The YAML cannot be read: {_printable(said)}.",
        "Fix the indentation, quotes or brackets in that line.",
        line,
    )


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "·" for c in text[:160])


class _Conversion:
    """Nodes to values; a node that several aliases name becomes one value."""

    def __init__(self, loader: yaml.SafeLoader) -> None:
        self._loader = loader
        self._done: dict[int, Value] = {}

    def value(self, node: yaml.Node) -> Value:
        known = self._done.get(id(node))
        if known is not None:
            return known
        value = self._done[id(node)] = Value(node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            value.data = dict(self._pairs(node))
        elif isinstance(node, yaml.SequenceNode):
            value.data = [self.value(item) for item in node.value]
        elif isinstance(node, yaml.ScalarNode):
            value.data = self._scalar(node)
        return value

    def _pairs(self, node: yaml.MappingNode) -> Iterator[tuple[str, Value]]:
        seen: set[str] = set()
        for key, item in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise YamlError(
                    "A key (before a colon) is a list or a mapping.", "Write a single word.", line
                )
            name = str(key.value)
            if name == "<<" and key.tag == f"{_MARK}merge":
                raise YamlError(
                    "A mapping is merged from another one (“<<”).",
                    "Write its lines out instead.",
                    line,
                )
            if name in seen:
                raise YamlError(
                    f"{shown(name)} is in one mapping twice.", "Keep one of the two.", line
                )
            seen.add(name)
            yield name, self.value(item)

    def _scalar(self, node: yaml.ScalarNode) -> Scalar:
        """Text for whatever is no number, truth value or null: dates are text here."""
        if node.tag in _NUMBERS:
            try:
                made = self._loader.construct_object(node)
            except (ValueError, LookupError, ArithmeticError):
                return str(node.value)
            is_short = isinstance(made, float) or (isinstance(made, int) and abs(made) < 1 << 63)
            return made if made is None or is_short else str(node.value)
        if node.tag not in _TEXTS:
            raise YamlError(
                f"{shown(node.tag)} stands for an object of another program.",
                "Write plain text or numbers.",
                node.start_mark.line + 1,
            )
        return str(node.value)
