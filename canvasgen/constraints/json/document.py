"""A schema document: checked plain data, its draft, and the places that `$ref` can point to.

No network, ever: a reference that leads out of the document is refused.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from canvasgen.errors import ConstraintTooLarge, InvalidConstraint, UnsupportedConstraint

__all__ = ["DEEPEST_SCHEMA", "Document", "json_path", "parse_text"]

DEEPEST_SCHEMA = 128
"""Deepest nesting of a schema document."""
MOST_VALUES = 1_000_000
"""Most values (objects, arrays, scalars) of a schema document."""
LONGEST_REFERENCES = 1000
"""Most `$ref`s that are followed one after the other."""

_DRAFTS = {
    "https://json-schema.org/draft/2020-12/schema": 2020,
    "https://json-schema.org/draft/2019-09/schema": 2019,
    "http://json-schema.org/draft-07/schema": 7,
    "http://json-schema.org/draft-06/schema": 6,
    "http://json-schema.org/draft-04/schema": 4,
    "http://json-schema.org/schema": 2020,
}
_DATA_KEYWORDS = frozenset(("const", "default", "enum", "example", "examples"))
_PLAIN_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


def json_path(path: str, step: str | int) -> str:
    """A JSON path, one step longer: `$.properties.name`, `$.enum[2]`, `$.properties['odd name']`."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    if _PLAIN_NAME.fullmatch(step):
        return f"{path}.{step}"
    return f"{path}[{step!r}]"


def parse_text(text: str, what: str = "schema") -> Any:
    """Parse JSON text strictly: no duplicate keys, no NaN or infinities, nesting bounded before anything is
    built.

    Raises:
        InvalidConstraint: it is no JSON text in that sense.
        ConstraintTooLarge: it is nested too deeply.
    """
    depth = 0
    for match in _BRACKETS.finditer(text):
        mark = match.group()
        if mark in "[{":
            depth += 1
            if depth > DEEPEST_SCHEMA:
                raise _too_deep(what)
        elif mark in "]}":
            depth -= 1

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            names = [name for name, _ in items]
            twice = next(name for name in names if names.count(name) > 1)
            raise InvalidConstraint(
                f"the {what} has an object with a key twice", rule="duplicate key", value=twice
            )
        return found

    def constant(name: str) -> Any:
        raise InvalidConstraint(f"the {what} holds {name}, which is not JSON", value=name)

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except ValueError as error:
        raise InvalidConstraint(f"the {what} is no JSON text: {error}", value=text) from error


def _too_deep(what: str) -> ConstraintTooLarge:
    return ConstraintTooLarge(
        f"the {what} is nested deeper than {DEEPEST_SCHEMA} levels", rule="nesting depth"
    )


class Document:
    """A schema that is known to be finite plain data.

    Attributes:
        root: the schema, a dict or a bool.
        draft: 4, 6, 7, 2019 or 2020.
        legacy: why an undeclared draft older than 2020-12 was assumed; None if it was not.

    Raises:
        InvalidConstraint: keys that are no strings, values that are not JSON, non-finite numbers, circular
            objects.
        ConstraintTooLarge: too deep or too many values.
    """

    def __init__(self, root: Any) -> None:
        if not isinstance(root, dict | bool):
            raise InvalidConstraint("a JSON schema is an object or a boolean", value=root)
        self.root = root
        self.legacy: str | None = None
        self._identified: dict[str, tuple[Any, str]] | None = None
        _check_plain(root)
        self.draft = self._find_draft()

    def _find_draft(self) -> int:
        declared = self.root.get("$schema") if isinstance(self.root, dict) else None
        if declared is not None:
            if not isinstance(declared, str):
                raise InvalidConstraint(
                    "`$schema` is a string", path="$.$schema", rule="$schema", value=declared
                )
            draft = _DRAFTS.get(declared.rstrip("#").strip())
            if draft is None:
                raise UnsupportedConstraint(
                    "the draft is not known",
                    path="$.$schema",
                    rule="$schema",
                    value=declared,
                    remedy="use draft 4, 6, 7, 2019-09 or 2020-12",
                )
            return draft
        draft = 2020
        for schema, path in self.schemas():
            if isinstance(schema.get("items"), list):
                draft = min(draft, 7)
                self.legacy = self.legacy or f"`items` is a list at {path}: read as draft 7"
            if any(isinstance(schema.get(name), bool) for name in ("exclusiveMinimum", "exclusiveMaximum")):
                draft = 4
                self.legacy = f"a boolean exclusive bound at {path}: read as draft 4"
        return draft

    def schemas(self) -> Iterator[tuple[dict[str, Any], str]]:
        """Every object that can be a schema (not inside `const`, `enum`, `default`), with its path."""
        waiting: list[tuple[Any, str]] = [(self.root, "$")]
        while waiting:
            value, path = waiting.pop()
            if isinstance(value, dict):
                yield value, path
                for name, child in value.items():
                    if isinstance(child, list) and name in _DATA_KEYWORDS:
                        continue
                    if isinstance(child, dict | list) and not (
                        name in _DATA_KEYWORDS and "properties" not in path[-11:]
                    ):
                        waiting.append((child, json_path(path, name)))
            elif isinstance(value, list):
                waiting += [
                    (child, json_path(path, at))
                    for at, child in enumerate(value)
                    if isinstance(child, dict | list)
                ]

    def resolve(self, reference: str, base: Base, path: str) -> tuple[Any, str, Base]:
        """The schema that a reference means, its path, and its base.

        Raises:
            UnsupportedConstraint: it leads out of the document.
            InvalidConstraint: there is nothing at its place.
        """
        url, fragment = urldefrag(
            urljoin(base.url, reference) if not reference.startswith("#") else base.url + reference
        )
        if url == base.url:
            found, found_path, found_base = base.schema, base.path, base
        else:
            entry = self._identifiers().get(url)
            if entry is None:
                raise UnsupportedConstraint(
                    "a reference leads out of the schema; nothing is ever fetched",
                    path=path,
                    rule="$ref",
                    value=reference,
                    remedy="put the referenced schema under `$defs`",
                )
            found, found_path = entry
            found_base = Base(url, found, found_path, self.draft)
        fragment = unquote(fragment)
        if not fragment:
            return found, found_path, found_base
        if not fragment.startswith("/"):
            entry = self._identifiers().get(f"{found_base.url}#{fragment}")
            if entry is None:
                raise InvalidConstraint("no schema has this anchor", path=path, rule="$ref", value=reference)
            return entry[0], entry[1], found_base
        for escaped in fragment[1:].split("/"):
            step = escaped.replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and step in found:
                found, found_path = found[step], json_path(found_path, step)
            elif isinstance(found, list) and step.isascii() and step.isdigit() and int(step) < len(found):
                found, found_path = found[int(step)], json_path(found_path, int(step))
            else:
                raise InvalidConstraint(
                    "there is nothing at the reference's place", path=path, rule="$ref", value=reference
                )
            found_base = self.base_of(found, found_path, found_base)
        return found, found_path, found_base

    def base_of(self, schema: Any, path: str, base: Base) -> Base:
        """The base of the references inside a schema: a new one where it has an `$id` of its own."""
        if not isinstance(schema, dict) or schema is base.schema:
            return base
        identifier = schema.get("id" if self.draft == 4 else "$id")
        if not isinstance(identifier, str) or identifier.startswith("#"):
            return base
        if self.draft <= 7 and "$ref" in schema:
            return base
        return Base(urldefrag(urljoin(base.url, identifier))[0], schema, path, self.draft)

    def root_base(self) -> Base:
        """The base of the whole document."""
        identifier = (
            self.root.get("id" if self.draft == 4 else "$id") if isinstance(self.root, dict) else None
        )
        return Base(
            urldefrag(identifier)[0] if isinstance(identifier, str) else "", self.root, "$", self.draft
        )

    def _identifiers(self) -> dict[str, tuple[Any, str]]:
        """Every schema with an identifier or an anchor, by its absolute URL."""
        if self._identified is None:
            found: dict[str, tuple[Any, str]] = {}
            waiting: list[tuple[Any, str, Base]] = [(self.root, "$", self.root_base())]
            while waiting:
                value, path, base = waiting.pop()
                if isinstance(value, list):
                    waiting += [(child, json_path(path, at), base) for at, child in enumerate(value)]
                if not isinstance(value, dict):
                    continue
                base = self.base_of(value, path, base)
                if base.schema is value:
                    found.setdefault(base.url, (value, path))
                for anchor in (value.get("$anchor"), value.get("$dynamicAnchor")):
                    if isinstance(anchor, str):
                        found.setdefault(f"{base.url}#{anchor}", (value, path))
                old = value.get("id" if self.draft == 4 else "$id")
                if isinstance(old, str) and old.startswith("#"):
                    found.setdefault(base.url + old, (value, path))
                waiting += [
                    (child, json_path(path, name), base)
                    for name, child in value.items()
                    if name not in _DATA_KEYWORDS
                ]
            self._identified = found
        return self._identified


class Base:
    """The resource that a reference is relative to: its URL, its schema, the schema's path, its draft."""

    __slots__ = ("draft", "path", "schema", "url")

    def __init__(self, url: str, schema: Any, path: str, draft: int) -> None:
        self.draft = draft
        self.url = url
        self.schema = schema
        self.path = path


def _check_plain(root: Any) -> None:
    """Refuse what is not finite, plain JSON data; iterative, so that no depth is too deep for it."""
    count = 0
    waiting: list[tuple[Any, str, int]] = [(root, "$", 0)]
    while waiting:
        value, path, depth = waiting.pop()
        count += 1
        if depth > DEEPEST_SCHEMA:
            raise _too_deep("schema")
        if count > MOST_VALUES:
            raise ConstraintTooLarge(f"the schema holds more than {MOST_VALUES} values", rule="schema size")
        if isinstance(value, dict):
            for name, child in value.items():
                if not isinstance(name, str):
                    raise InvalidConstraint("a key of the schema is no string", path=path, value=name)
                if isinstance(child, str | bool):
                    continue
                waiting.append((child, f"{path}.{name}", depth + 1))
        elif isinstance(value, list):
            waiting += [(child, f"{path}[{at}]", depth + 1) for at, child in enumerate(value)]
        elif isinstance(value, float):
            if not math.isfinite(value):
                raise InvalidConstraint("a number of the schema is not finite", path=path, value=value)
        elif value is not None and not isinstance(value, str | int):
            raise InvalidConstraint(
                "the schema holds something that is not JSON", path=path, value=type(value).__name__
            )
