"""What a user can do to frames and notes: pure functions from a plan to a plan, as in `edits`."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from types import MappingProxyType

from app.plan.document import POSITION_LIMIT, Annotation, Plan
from app.plan.edits import unused_ids
from app.plan.problem import PlanError, Problem


def new_annotation_id(plan: Plan) -> str:
    """An id that no frame and no note of the plan has."""
    return next(new_annotation_ids(plan))


def new_annotation_ids(plan: Plan) -> Iterator[str]:
    """Ids that no frame and no note of the plan has, as many as are asked for."""
    return unused_ids("a", plan.annotations)


def add_annotation(plan: Plan, annotation: Annotation) -> Plan:
    """The plan with one frame or note more. Raises PlanError for a used id or an absurd place."""
    if annotation.id in plan.annotations:
        message = f"There is already a frame or note “{annotation.id}”."
        raise PlanError([Problem("id-taken", message, "Use a new id.")])
    return put_annotations(plan, (annotation,))


def change_annotation(plan: Plan, id_: str, **fields: object) -> Plan:
    """The plan with these fields of a frame or note set. Raises PlanError as adding does."""
    annotation = replace(plan.annotations[id_], **fields)  # type: ignore[arg-type]
    return put_annotations(plan, (annotation,))


def remove_annotations(plan: Plan, ids: Collection[str]) -> Plan:
    """The plan without these frames and notes; what stands in a frame stays."""
    others = {i: a for i, a in plan.annotations.items() if i not in ids}
    return replace(plan, annotations=MappingProxyType(others))


def put_annotations(plan: Plan, annotations: Iterable[Annotation]) -> Plan:
    """The plan with these added, or put in the place of those with the same id.

    Raises PlanError as adding does, but not for an id.
    """
    put = {annotation.id: _tidy(annotation) for annotation in annotations}
    return replace(plan, annotations=MappingProxyType({**plan.annotations, **put}))


def _tidy(annotation: Annotation) -> Annotation:
    numbers = (*annotation.position, *annotation.size)
    if not all(math.isfinite(n) and abs(n) <= POSITION_LIMIT for n in numbers):
        message = f"The {annotation.kind} is outside the canvas, or larger than it."
        raise PlanError([Problem("position", message, "Choose another place or a smaller size.")])
    text = annotation.text
    return replace(
        annotation,
        text=" ".join(text.split()) if annotation.kind == "frame" else text.rstrip(),
        position=(round(annotation.position[0], 2), round(annotation.position[1], 2)),
        size=(round(annotation.size[0], 2), round(annotation.size[1], 2)),
    )
