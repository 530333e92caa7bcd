"""Requests as JSON, for engines that only pass data on: which constraint, and how to generate.

    {"template": {"text": "Dear {name}, {body}", "holes": {"name": {"regex": "[A-Z][a-z]+"}}}, "seed": 7}

What, at most one of: `schema`, `regex`, `grammar`, `choice`, `template`, `edit`, `infill`, `sudoku`, `table`,
`structural_tag`. Besides it, and on the same text: `fixed`, `near`, `contains`, `excludes`. Before it: `think`, the
mark at the end of thoughts (`"</think>"`). How: `seed`, `temperature`, `max_denoising_steps`, `quality`,
`whitespace`, `property_order`, `fence`, `grounded`, `relations`. `docs/hosts.md` has an example of each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import canvasgen.constraints as made
from canvasgen.checks import is_mapping, is_sequence
from canvasgen.constraints import Constraint
from canvasgen.errors import InvalidConstraint, UnknownOption, UnsupportedConstraint
from canvasgen.limits import Limits
from canvasgen.request import Request
from canvasgen.request.combining import all_of
from canvasgen.request.structural_tags import tagged
from canvasgen.request.written_relations import relations_of

__all__ = ["constraint_of", "object_under", "read_request", "settings_of", "without_settings"]

PLAIN = ("schema", "regex", "grammar", "choice")
"""What `Request` takes as it is."""
HOW = (
    "seed",
    "temperature",
    "max_denoising_steps",
    "quality",
    "whitespace",
    "property_order",
    "fence",
    "grounded",
    "relations",
)


def object_under(key: str, given: object) -> dict[str, Any]:
    """Return what an engine that only passes data on has under a key: a JSON object, its text, or nothing.

    Raises:
        InvalidConstraint: it is something else.
    """
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError as error:
            raise InvalidConstraint(
                f"no JSON: {error}", path=key, rule="JSON", value=given, remedy="write one JSON object"
            ) from error
    if given is None:
        return {}
    if not is_mapping(given):
        raise InvalidConstraint(
            "a JSON object is needed",
            path=key,
            rule="JSON",
            value=given,
            remedy='write an object: {"regex": "…"}',
        )
    return dict(given)


def read_request(written: object, prompt: str = "") -> Request:
    """Return the request that JSON says.

    Args:
        written: a JSON object, or its text.
        prompt: the prompt, where sources are taken from it (`grounded`).

    Raises:
        InvalidConstraint: it is no JSON object, or a value in it is none that its key takes; `path` says where.
        UnknownOption: a key that does not exist.
        CanvasgenError: of the constraint.
    """
    fields = _object(_parsed(written), "$")
    known = (*PLAIN, *HOW, *_MADE, *_BESIDES, "think")
    for name in fields:
        if name not in known:
            raise UnknownOption(
                "there is no such key",
                path=f"$.{name}",
                rule=name,
                remedy="choose from: " + ", ".join(sorted(known)),
            )
    what = [name for name in (*PLAIN, *_MADE) if fields.get(name) is not None]
    if len(what) > 1:
        raise InvalidConstraint(
            f"{' and '.join(what)} exclude each other",
            path=f"$.{what[1]}",
            rule="one constraint",
            remedy="give one of them",
        )
    how: dict[str, Any] = {name: fields[name] for name in HOW if fields.get(name) is not None}
    _check_data(how)
    if "relations" in how:
        how["relations"] = relations_of(how["relations"], "$.relations")
    besides = [name for name in _BESIDES if fields.get(name) is not None]
    plain: dict[str, Any] = {name: fields[name] for name in what if name in PLAIN}
    think = fields.get("think")
    if not besides and think is None and (plain or not what):
        return Request(prompt, **plain, **how)
    parts = [_BESIDES[name](fields[name], f"$.{name}") for name in besides]
    if plain:
        parts.insert(0, _whole(Request(prompt, **plain, **{k: v for k, v in how.items() if k in _OF_TEXT})))
        how = {name: value for name, value in how.items() if name not in _OF_TEXT}
    elif what:
        parts.insert(0, _MADE[what[0]](fields[what[0]], f"$.{what[0]}"))
    whole = parts[0] if parts else made.text()
    for part in parts[1:]:
        whole = whole & part
    if think is not None:
        if not isinstance(think, str):
            raise InvalidConstraint(
                "a mark is a text",
                path="$.think",
                rule="think",
                value=think,
                remedy='write the text that ends the thinking, such as "</think>"',
            )
        whole = made.text(until=think) + whole
    return Request(prompt, constraint=whole, **how)


def constraint_of(name: str, value: object, path: str = "$") -> Constraint:
    """Return the constraint of one key that is not plain (`template`, `table`, …); arguments and errors as above.

    Args:
        name: the key.
        value: what it has.
        path: of the value, for errors.
    """
    return _MADE[name](value, path)


_OF_TEXT = ("whitespace", "property_order", "fence", "grounded", "relations")
"""Settings that are part of the constraint."""


def settings_of(written: Mapping[str, Any]) -> dict[str, Any]:
    """Return how to generate, of a request as JSON: what its constraint does not depend on."""
    return {name: value for name, value in written.items() if name in HOW and name not in _OF_TEXT}


def without_settings(written: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the constraint of a request as JSON depends on; empty where it has none."""
    rest = {name: value for name, value in written.items() if name not in HOW or name in _OF_TEXT}
    return rest if any(name not in _OF_TEXT and value is not None for name, value in rest.items()) else {}


def _whole(request: Request) -> Constraint:
    found = request.resolve()
    assert found is not None, "one is given"
    return found


def _parsed(written: object) -> object:
    if not isinstance(written, str):
        return written
    try:
        return json.loads(written)
    except ValueError as error:
        raise InvalidConstraint(
            f"no JSON: {error}", path="$", rule="JSON", value=written, remedy="write one JSON object"
        ) from error


def _check_data(how: Mapping[str, Any]) -> None:
    """Raise an error for a grounded that is no data of the request: sources from Python."""
    grounded = how.get("grounded", False)
    if not (isinstance(grounded, (bool, str)) or is_sequence(grounded)):
        raise InvalidConstraint(
            "grounded is true, a text or a list of texts",
            path="$.grounded",
            rule="grounded",
            value=grounded,
            remedy="true for the prompt itself, or the source's text",
        )


def _object(value: object, path: str) -> Mapping[str, Any]:
    if is_mapping(value):
        return value
    raise InvalidConstraint(
        "a JSON object is needed",
        path=path,
        rule="JSON",
        value=value,
        remedy='write an object: {"key": value}',
    )


def _listed(value: object, path: str) -> Sequence[Any]:
    if is_sequence(value):
        return value
    raise InvalidConstraint(
        "a JSON array is needed", path=path, rule="JSON", value=value, remedy="write an array: [value, …]"
    )


def _arguments(value: object, path: str, *, needed: Sequence[str], others: Sequence[str]) -> dict[str, Any]:
    """Return the named arguments of a constraint."""
    fields = _object(value, path)
    for name in needed:
        if name not in fields:
            raise InvalidConstraint(f"{name} is missing", path=path, rule=name, remedy=f"write {name} there")
    for name in fields:
        if name not in (*needed, *others):
            raise UnknownOption(
                "there is no such key",
                path=f"{path}.{name}",
                rule=name,
                remedy="choose from: " + ", ".join([*needed, *others]),
            )
    return {
        name: _part(one, f"{path}.{name}") if name == "constraint" else one for name, one in fields.items()
    }


def _part(value: object, path: str) -> Constraint | None:
    """Return a constraint inside of another one; None for any text."""
    if value is None:
        return None
    try:
        return read_request(_object(value, "$")).resolve()
    except (InvalidConstraint, UnknownOption) as error:
        inside = error.path or ""
        error.path = f"{path} ({inside})" if inside[:1] not in ("", "$") else path + inside[1:]
        raise


def _template(value: object, path: str) -> Constraint:
    if isinstance(value, str):
        return made.template(value, strict=False)
    given = _arguments(value, path, needed=["text"], others=["holes"])
    holes = _object(given.get("holes") or {}, f"{path}.holes")
    parts = {name: _part(hole, f"{path}.holes.{name}") for name, hole in holes.items()}
    return made.template(given["text"], strict=False, **{k: v for k, v in parts.items() if v is not None})


def _edit(value: object, path: str) -> Constraint:
    given = _arguments(value, path, needed=["text", "span"], others=["constraint", "strength"])
    return made.edit(given.pop("text"), given.pop("span"), **given)


def _infill(value: object, path: str) -> Constraint:
    return made.infill(**_arguments(value, path, needed=["prefix", "suffix"], others=["constraint"]))


def _tags(value: object, path: str) -> Constraint:
    try:
        return tagged(value, Limits())
    except (InvalidConstraint, UnsupportedConstraint) as error:
        error.path = path + (error.path or "").removeprefix("$")
        raise


def _sudoku(value: object, path: str) -> Constraint:
    if not isinstance(value, str) and not is_sequence(value):
        raise InvalidConstraint(
            "a puzzle is a text, or rows of numbers",
            path=path,
            rule="sudoku",
            value=value,
            remedy="write 81 characters, or nine arrays of nine numbers",
        )
    return made.sudoku(value)


def _table(value: object, path: str) -> Constraint:
    others = ["cells", "relations", "layout", "mode", "instruction"]
    given = _arguments(value, path, needed=["rows", "columns"], others=others)
    kept = relations_of(given.pop("relations", None) or [], f"{path}.relations")
    return made.table(given.pop("rows"), given.pop("columns"), relations=kept, **given)


def _fixed(value: object, path: str) -> Constraint:
    at: dict[int, Any] = {}
    for position, token in _object(value, path).items():
        if not str(position).isdecimal():
            raise InvalidConstraint(
                "a position is a whole number",
                path=f"{path}.{position}",
                rule="fixed",
                value=position,
                remedy='write positions as strings of digits: {"0": "Dear"}',
            )
        at[int(position)] = token
    return made.fixed(at)


def _near(value: object, path: str) -> Constraint:
    given = _arguments(value, path, needed=["text", "position"], others=["within"])
    return made.near(given.pop("text"), given.pop("position"), **given)


def _contains(value: object, path: str) -> Constraint:
    words = [value] if isinstance(value, str) else [*_listed(value, path)]
    if not words:
        raise InvalidConstraint(
            "there is no text to contain",
            path=path,
            rule="contains",
            value=value,
            remedy='write the text, or {"text": "…", "at_least": 1}',
        )
    return all_of([made.contains(word) for word in words])


def _excludes(value: object, path: str) -> Constraint:
    return made.excludes(value if isinstance(value, str) else _listed(value, path))


_Maker = Callable[[object, str], Constraint]
_MADE: dict[str, _Maker] = {
    "template": _template,
    "edit": _edit,
    "infill": _infill,
    "sudoku": _sudoku,
    "table": _table,
    "structural_tag": _tags,
}
_BESIDES: dict[str, _Maker] = {
    "fixed": _fixed,
    "near": _near,
    "contains": _contains,
    "excludes": _excludes,
}
