"""What a user can do to frames and notes: pure functions from a plan to a plan, as in `edits`."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from types import MappingProxyType

from app.plan.document import POSITION_LIMIT, Annotation, Plan
from app.plan.edits import unused_ids
from app.plan.problem import PlanError, Problem


def new_annotation_id(plan: Plan) -> str:
    """An id that no frame and no note of the plan has."""
    return next(unused_ids("a", plan.annotations))


def add_annotation(plan: Plan, annotation: Annotation) -> Plan:
    """The plan with one frame or note more. Raises PlanError for a used id or an absurd place."""
    if annotation.id in plan.annotations:
        said = f"There is already a frame or note “{annotation.id}”."
        raise PlanError([Problem("id-taken", said, "Use a new id.")])
    return _with(plan, annotation)


def change_annotation(plan: Plan, id_: str, **fields: object) -> Plan:
    """The plan with these fields of a frame or note set. Raises PlanError as adding does."""
    return _with(plan, replace(plan.annotations[id_], **fields))  # type: ignore[arg-type]


def remove_annotations(plan: Plan, ids: Collection[str]) -> Plan:
    """The plan without these frames and notes; what stands in a frame stays."""
    kept = {i: a for i, a in plan.annotations.items() if i not in ids}
    return replace(plan, annotations=MappingProxyType(kept))


def _with(plan: Plan, annotation: Annotation) -> Plan:
    numbers = (*annotation.position, *annotation.size)
    if not all(math.isfinite(n) and abs(n) <= POSITION_LIMIT for n in numbers):
        said = f"The {annotation.kind} does not lie on the canvas, or is larger than it."
        raise PlanError([Problem("position", said, "Choose another place or a smaller size.")])
    text = annotation.text
    tidy = replace(
        annotation,
        text=" ".join(text.split()) if annotation.kind == "frame" else text.rstrip(),
        position=(round(annotation.position[0], 2), round(annotation.position[1], 2)),
        size=(round(annotation.size[0], 2), round(annotation.size[1], 2)),
    )
    annotations = {**plan.annotations, tidy.id: tidy}
    return replace(plan, annotations=MappingProxyType(annotations))
