"""`main.py import` and `main.py export`: plans from and for other programs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.cli.errors import EXIT_PROBLEMS, EXIT_USAGE, UserError
from app.cli.inputs import load_plan, sources
from app.cli.output import print_json, problem_line, problem_record
from app.engine.bundled import bundled_files
from app.model_files.exchange.exported import write_mergekit, write_paths
from app.model_files.exchange.kinds import Imported, import_plan
from app.model_files.exchange.model_names import files_among
from app.model_files.model_file import ModelFile
from app.model_files.naming import named_for
from app.model_files.reader import read_source
from app.plan import files
from app.plan.document import Plan
from app.plan.problem import PlanError, Problem, errors
from app.plan.writer import write_document, write_strict


def import_file(options: argparse.Namespace) -> int:
    """Makes a plan of a file in another form."""
    source, target = Path(options.file), Path(options.output)
    models = [read_source(Path(path)) for path in options.model]
    try:
        content = files.read(source)
        if target.exists() and target.samefile(source):
            raise UserError(
                f"{target}: this would overwrite the file being imported. Choose another.",
                EXIT_USAGE,
            )
    except OSError as error:
        raise UserError(f"{source}: {error.strerror}.", EXIT_USAGE) from error
    matching = _Matching(models, source.resolve().parent)
    imported = import_plan(content, models, matching.files_for)
    problems = (*imported.read.problems, *matching.remarks)
    wrong = errors(problems)
    plan = None if wrong else imported.read.plan
    if plan is not None:
        plan = _with_sources(plan, imported, target.resolve().parent)
        _save(options.output, write_document(plan))
    if options.json:
        print_json(
            {
                "ok": plan is not None,
                "kind": imported.kind,
                "sources": list(plan.sources) if plan else [],
                "problems": [problem_record(p) for p in wrong],
                "notes": [problem_record(p) for p in problems if p not in wrong],
            }
        )
        return 0 if plan else EXIT_PROBLEMS
    for problem in problems:
        print(problem_line(options.file, problem), file=sys.stderr)
    return 0 if plan else EXIT_PROBLEMS


def export_plan(options: argparse.Namespace) -> int:
    """Writes a plan in another form."""
    read = load_plan(options.plan)
    wrong = errors(read.problems)
    if read.plan is None or wrong:
        raise UserError(problem_line(options.plan, wrong[0]))
    try:
        text = _exported(read.plan, options)
    except PlanError as error:
        raise UserError(problem_line(options.plan, error.problems[0])) from None
    if options.output is None:
        print(text, end="")
    else:
        _save(options.output, text)
    return 0


def _exported(plan: Plan, options: argparse.Namespace) -> str:
    if options.format == "strict":
        return write_strict(plan)
    if options.format == "paths":
        return write_paths(plan)
    needs_no_file = len(plan.sources) == 1 and not options.model
    return write_mergekit(plan, () if needs_no_file else sources(options.model, options.plan))


class _Matching:
    """The model files named, each for the model called so; what is left over in its order.

    Files beside the configuration are found by their names alone.
    """

    def __init__(self, models: Sequence[ModelFile], folder: Path) -> None:
        self._models = models
        self._beside = sorted(folder.glob("*.gguf"))
        self.remarks: list[Problem] = []

    def files_for(self, names: Sequence[str]) -> Sequence[ModelFile | None]:
        """Raises UserError where it cannot be told which model a file is."""
        found = files_among(names, self._models, self._beside)
        left = [model for model in self._models if model not in found]
        if left and len(left) != found.count(None):
            raise UserError(
                f"{left[0].path}: no model has this name ({', '.join(names)}). Give a file for "
                "each model, in this order, or only files with the models' names.",
                EXIT_USAGE,
            )
        rest = iter(left)
        return [file or self._taken(name, rest) for name, file in zip(names, found, strict=True)]

    def _taken(self, name: str, rest: Iterator[ModelFile]) -> ModelFile | None:
        file = next(rest, None)
        if file is not None:
            words = f"“{name}” is assumed to be {file.path.name}."
            self.remarks.append(Problem("source-taken", words, "", "note"))
        return file


def _with_sources(plan: Plan, imported: Imported, folder: Path) -> Plan:
    """The plan with its files named as a plan in this folder does."""
    at_hand = {
        name: file.path
        for name, file in zip(plan.sources, imported.files, strict=False)
        if file is not None
    }
    return named_for(plan, at_hand, folder, bundled_files())


def _save(path: str, text: str) -> None:
    try:
        files.save(path, text)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}.") from error
