"""A plan without its muted blocks: they are passed by, as if a wire lay in their place."""

from __future__ import annotations

from app.plan.document import Plan
from app.plan.edits import remove


def without_muted(plan: Plan) -> Plan:
    """The plan without its muted blocks: what they fed is fed by what led into them.

    Everything that runs, numbers or checks a plan looks at this. The plan itself, when nothing in
    it is muted.
    """
    ids = [id_ for id_, block in plan.blocks.items() if block.muted]
    return remove(plan, ids, heal=True) if ids else plan
