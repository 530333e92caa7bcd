"""vLLM's `structural_tag` in both of its forms: `{"format": …}`, and the older `{"structures": […], "triggers": […]}`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from canvasgen.checks import is_mapping, is_sequence
from canvasgen.constraints import Constraint
from canvasgen.errors import InvalidConstraint
from canvasgen.request.structural_tags import read_structural_tag

__all__ = ["tagged"]


def tagged(body: object) -> Constraint:
    """Return the constraint of a structural tag, or of its JSON text.

    Raises:
        InvalidConstraint, UnsupportedConstraint: with the JSON path in it.
    """
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError as error:
            raise InvalidConstraint("a structural tag is JSON", rule="structural_tag", value=body) from error
    if not is_mapping(body):
        raise InvalidConstraint("a structural tag is an object", rule="structural_tag", value=body)
    if "structures" not in body:
        return read_structural_tag(body)
    structures, triggers = body["structures"], body.get("triggers")
    if not is_sequence(structures) or not all(map(is_mapping, structures)):
        raise InvalidConstraint(
            "structures are a list of objects", path="$.structures", rule="structural_tag", value=structures
        )
    tags = [
        {
            "begin": one.get("begin"),
            "content": {"type": "json_schema", "json_schema": one.get("schema")},
            "end": one.get("end"),
        }
        for one in structures
    ]
    _check_triggers(tags, triggers)
    return read_structural_tag({"format": {"type": "triggered_tags", "triggers": triggers, "tags": tags}})


def _check_triggers(tags: Sequence[Mapping[str, object]], triggers: object) -> None:
    """Raise an error if a tag begins with none of the triggers: it could never be written.

    Raises:
        InvalidConstraint: with the JSON path.
    """
    if not is_sequence(triggers) or not triggers or not all(isinstance(one, str) for one in triggers):
        raise InvalidConstraint(
            "triggers are a list of texts", path="$.triggers", rule="structural_tag", value=triggers
        )
    for number, tag in enumerate(tags):
        begin = tag["begin"]
        if not isinstance(begin, str) or not begin.startswith(tuple(triggers)):
            raise InvalidConstraint(
                "a tag begins with a trigger",
                path=f"$.structures[{number}].begin",
                rule="structural_tag",
                value=begin,
            )
