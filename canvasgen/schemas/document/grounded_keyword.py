"""The keyword `x-grounded` in a schema as it is written: whether a schema has it, and the schema without it."""

from __future__ import annotations

from canvasgen.grounding import KEYWORD
from canvasgen.schemas.document.keywords import subschemas
from canvasgen.schemas.document.plain import Json

__all__ = ["has_marks", "without_marks"]


def has_marks(root: Json) -> bool:
    """Return whether a part of a schema is to be taken from a source."""
    waiting = [root]
    while waiting:
        schema = waiting.pop()
        if isinstance(schema, dict):
            if schema.get(KEYWORD, False) is not False:
                return True
            waiting += [child for child, _ in subschemas(schema)]
    return False


def without_marks(schema: Json) -> Json:
    """Return a schema without the keyword: the models that read schemas do not know it."""
    if not isinstance(schema, dict):
        return schema
    made = {name: value for name, value in schema.items() if name != KEYWORD}
    for child, steps in subschemas(schema):
        name, bare = str(steps[0]), without_marks(child)
        holder = made[name]
        if len(steps) == 1:
            made[name] = bare
        elif isinstance(holder, list) and isinstance(at := steps[1], int):
            made[name] = [*holder[:at], bare, *holder[at + 1 :]]
        elif isinstance(holder, dict):
            made[name] = {**holder, str(steps[1]): bare}
    return made
