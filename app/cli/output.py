"""How the commands print: JSON records, and problems as lines."""

from __future__ import annotations

import json

from app.plan.problem import Problem


def problem_record(problem: Problem) -> dict[str, str | int | None]:
    """A problem in JSON."""
    return {
        "line": problem.line,
        "block": problem.block,
        "code": problem.code,
        "message": problem.message,
        "fix": problem.fix,
    }


def problem_line(path: str, problem: Problem) -> str:
    """A problem of the plan in a file, as compilers say theirs."""
    line = f":{problem.line}" if problem.line is not None else ""
    word = "" if problem.severity == "error" else "note: "
    return f"{path}{line}: {word}{problem.message} {problem.fix}".rstrip()


def print_json(record: dict[str, object]) -> None:
    """Prints one JSON object."""
    print(json.dumps(record, ensure_ascii=False, indent=2))
