"""The official JSON-Schema-Test-Suite: its cases, and what canvasgen makes of each."""

from __future__ import annotations

import inspect
import json
import tarfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import canvasgen as cg

ARCHIVES = ("older-drafts.tar.xz", "json-schema-test-suite.tar.xz")
REMOTE = "http://localhost:1234/"
RIGHT = "right"
REFUSED = "valid refused"
INVALID = "INVALID ACCEPTED"
SECTIONS = ("required", "optional", "format")
DRAFTS = {
    "draft4": "http://json-schema.org/draft-04/schema#",
    "draft6": "http://json-schema.org/draft-06/schema#",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}


class Part(NamedTuple):
    """One file of the suite: `section` is one of `SECTIONS`."""

    draft: str
    section: str
    file: str

    def __str__(self) -> str:
        return f"{self.draft}/{self.section}/{self.file}"


class Group(NamedTuple):
    """One schema and its instances: (name of the case, instance, whether it is valid)."""

    schema: Any
    cases: list[tuple[str, Any, bool]]


@lru_cache(maxsize=1)
def archive() -> dict[str, bytes]:
    """Every file of the archives by its path."""
    found: dict[str, bytes] = {}
    for name in ARCHIVES:
        with tarfile.open(Path(__file__).parent / name) as files:
            for member in files:
                content = files.extractfile(member) if member.isfile() else None
                if content is not None:
                    found[member.name.removeprefix("./")] = content.read()
    return found


@lru_cache(maxsize=1)
def remotes() -> dict[str, Any]:
    """The documents that the suite's references lead to, by URI."""
    return {
        REMOTE + name.removeprefix("remotes/"): json.loads(content)
        for name, content in archive().items()
        if name.startswith("remotes/") and name.endswith(".json")
    }


@lru_cache(maxsize=1)
def parts() -> dict[Part, str]:
    """The files of the drafts that the archive holds -> their path in it."""
    found: dict[Part, str] = {}
    for name in sorted(archive()):
        root, _, rest = name.partition("/")
        draft, _, file = rest.partition("/")
        if root != "tests" or draft not in DRAFTS or not file.endswith(".json"):
            continue
        section = "required"
        for folder, other in (("optional/format/", "format"), ("optional/", "optional")):
            if file.startswith(folder):
                section, file = other, file.removeprefix(folder)
                break
        found[Part(draft, section, file)] = name
    return found


def groups(part: Part) -> Iterator[Group]:
    """The groups of a file; a schema that does not name its draft is given its `$schema`."""
    seen: set[str] = set()
    for group in json.loads(archive()[parts()[part]]):
        schema = group["schema"]
        if isinstance(schema, dict) and "$schema" not in schema:
            schema = {"$schema": DRAFTS[part.draft], **schema}
        cases: list[tuple[str, Any, bool]] = []
        for case in group["tests"]:
            name = f"{part.file} / {group['description']} / {case['description']}"
            while name in seen:
                name += " (again)"
            seen.add(name)
            cases.append((name, case["data"], case["valid"]))
        yield Group(schema, cases)


def compile_schema(schema: Any) -> Any:
    """The constraint of a schema of the suite, compiled; it may refer to the suite's remote documents."""
    more: dict[str, Any] = {}
    if "registry" in inspect.signature(cg.json_schema).parameters:
        more["registry"] = remotes()
    constraint = cg.json_schema(schema, **more)
    _ = constraint.automaton
    return constraint


def canonical(instance: Any) -> str:
    """The text of an instance, as canvasgen would spell it."""
    return json.dumps(instance, ensure_ascii=False)


def outcomes(part: Part, only: int | None = None) -> dict[str, str]:
    """Case (of one group, or of all) -> `right`, `valid refused`, `INVALID ACCEPTED`, or the error that refused it.

    An unsatisfiable schema takes no instance, which is right for the invalid ones.
    """
    found: dict[str, str] = {}
    for number, (schema, cases) in enumerate(groups(part)):
        if only not in (None, number):
            continue
        constraint, error = None, ""
        try:
            constraint = compile_schema(schema)
        except cg.errors.Unsatisfiable:
            pass
        except cg.errors.CanvasgenError as refusal:
            error = type(refusal).__name__
        for name, instance, valid in cases:
            if error:
                found[name] = error
                continue
            taken = constraint is not None and constraint.matches(canonical(instance))
            found[name] = RIGHT if taken == valid else REFUSED if valid else INVALID
    return found
