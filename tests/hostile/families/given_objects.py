"""Objects of Python where schemas, types, prompts and values are expected: cyclic, endless, without representation."""

from __future__ import annotations

import dataclasses
import decimal
import enum
import typing
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import pydantic
from calls import Call, schema, through

import canvasgen as cg

__all__ = ["given_objects"]


_LENGTHS = tuple(Annotated[str, pydantic.Field(min_length=n)] for n in range(1, 100))


class _Mute:
    """An object whose methods fail."""

    def __repr__(self) -> str:
        raise RuntimeError("no representation")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no equality")

    def __hash__(self) -> int:
        raise RuntimeError("no hash")

    def __bool__(self) -> bool:
        raise RuntimeError("no truth")


class _Endless(Mapping[str, Any]):
    """A mapping without end."""

    def __getitem__(self, key: str) -> Any:
        return self

    def __iter__(self) -> Iterator[str]:
        number = 0
        while True:
            number += 1
            yield str(number)

    def __len__(self) -> int:
        return 10**9


class _Dict(dict[str, Any]):
    """A dictionary of another class."""


class _Node(pydantic.BaseModel):
    value: int
    children: list[_Node] = []


@dataclasses.dataclass
class _Pair:
    left: _Pair | None
    right: _Pair | None


class _Typed(typing.TypedDict, total=False):
    deep: dict[str, dict[str, dict[str, list[int]]]]


def _cyclic(kind: str) -> Any:
    inner: Any = {} if kind == "dict" else []
    if kind == "dict":
        inner["properties"] = {"a": inner}
    else:
        inner.append(inner)
    return {"anyOf": inner} if kind == "list" else inner


def given_objects() -> dict[str, Call]:
    """As schemas and types, as items of a choice, as arguments of constraints."""
    many = enum.Enum("many", {f"member{n}": n for n in range(3000)})
    wide = pydantic.create_model(
        "wide", **{f"f{n}": (Literal[tuple(f"v{m}" for m in range(20))], ...) for n in range(60)}
    )  # type: ignore[call-overload]
    given: dict[str, Any] = {
        "nothing": None,
        "ellipsis": ...,
        "mute": _Mute(),
        "mute inside": {"const": _Mute()},
        "endless": _Endless(),
        "cyclic dict": _cyclic("dict"),
        "cyclic list": _cyclic("list"),
        "keys of numbers": {5: {"type": "integer"}},
        "keys of tuples": {"properties": {("a",): {}}},
        "a dict of another class": _Dict(type="integer"),
        "a tuple inside": {"enum": (1, 2)},
        "a set inside": {"required": {"a"}},
        "bytes inside": {"const": b"a"},
        "bytes": b'{"type": "integer"}',
        "a decimal": {"minimum": decimal.Decimal("NaN")},
        "a complex number": {"minimum": 1j},
        "a module": dataclasses,
        "a function": through,
        "a generator": (n for n in range(3)),
        "an instance": _Node(value=1),
        "a model that recurs": _Node,
        "a dataclass that recurs": _Pair,
        "a typed dictionary": _Typed,
        "a literal of 3,000": Literal[tuple(range(3000))],
        "a literal of an object": Literal[_Mute],
        "a union of 100": typing.Union.__getitem__(_LENGTHS),
        "an enum of 3,000": many,
        "an empty enum": enum.Enum("none", {}),
        "a model of 60 literals": wide,
        "a pattern that backtracks": Annotated[str, pydantic.Field(pattern="^(a+)+$")],
        "a length of 1e9": Annotated[str, pydantic.Field(min_length=10**9)],
        "a list of 1e6": Annotated[list[int], pydantic.Field(min_length=10**6)],
        "a decimal of digits": Annotated[decimal.Decimal, pydantic.Field(max_digits=400, decimal_places=200)],
        "a reference to nothing": typing.ForwardRef("Nothing"),
        "a type variable": typing.TypeVar("T"),
        "never": typing.Never,
        "any": Any,
        "object": object,
        "a class": _Mute,
        "a dict of dicts": dict[str, dict[str, dict[str, dict[str, int]]]],
        "a tuple of 200": tuple[tuple(int for _ in range(200))],  # type: ignore[misc]
        "a frozen set": frozenset[int],
        "callable": typing.Callable[[int], int],
        "a type": type,
        "a string of a type": "int",
    }  # fmt: skip
    schemas = {f"object: {name}": schema(value, "1") for name, value in given.items()}

    def choice(items: Any) -> Call:
        return lambda: through(cg.choice(items), "a")

    choices = {
        "mute": [_Mute()],
        "of None": [None],
        "of dicts": [{"a": 1}, {"a": 2}],
        "twice": ["a", "a"],
        "equal": [1, True, 1.0],
        "empty text": ["", "a"],
        "a text": "abc",
        "endless": iter(int, 1),
        "of surrogates": ["\ud800"],
        "of bytes": [b"a"],
        "of a megabyte each": ["a" * 60_000, "b" * 60_000],
        "of nested lists": [[[["a"]]]],
        "a mapping of mute": {"a": _Mute()},
        "a mapping of numbers": {5: "a"},
        "an enum": many,
        "a number": 5,
        "of huge numbers": [10**5000],
        "of not a number": [float("nan")],
    }
    others: dict[str, Call] = {
        "literal of bytes": lambda: through(cg.literal(b"a")),  # type: ignore[arg-type]
        "literal of a surrogate": lambda: through(cg.literal("\ud800")),
        "literal of a megabyte": lambda: through(cg.literal("a" * 1_000_000)),
        "text of texts": lambda: through(cg.text("a", "b")),  # type: ignore[arg-type]
        "text backwards": lambda: through(cg.text(9, 2)),
        "text of 1e30": lambda: through(cg.text(10**30, 10**30)),
        "text of 90,000": lambda: through(cg.text(90_000, 95_000)),
        "limits of texts": lambda: cg.Limits("many"),  # type: ignore[arg-type]
        "limits of huge numbers": lambda: cg.Limits(max_seconds=10**400),
        "limits of one": lambda: through(
            cg.json_schema({"type": "object"}, limits=cg.Limits(1, 1e-9, 1)), "{}"
        ),
        "limits in limits": lambda: _limited_twice(),
        "contains of a number": lambda: through(cg.contains(5)),  # type: ignore[arg-type]
        "contains of a negative count": lambda: through(cg.contains("a", at_least=-1)),
        "contains of 10**30": lambda: through(cg.contains("a", at_least=10**30)),
        "excludes of numbers": lambda: through(cg.excludes([1, 2])),  # type: ignore[list-item]
        "excludes of a number": lambda: through(cg.excludes(5)),  # type: ignore[arg-type]
        "excludes of a letter each": lambda: through(cg.excludes([chr(n) for n in range(32, 2000)]), "a"),
        "excludes of a long word": lambda: through(cg.excludes("ab" * 20_000), "a"),
        "spans of a number": lambda: through(cg.span_of(5)),  # type: ignore[arg-type]
        "spans of a megabyte": lambda: through(cg.span_of("word " * 200_000), "word"),
        "spans of nothing": lambda: through(cg.span_of("")),
        "spans of surrogates": lambda: through(cg.span_of("\ud800")),
        "spans of one letter": lambda: through(cg.span_of("a" * 20_000), "aa"),
        "sources of numbers": lambda: cg.Sources([1, 2]),  # type: ignore[list-item]
        "sources of fields": lambda: cg.Sources("a", fields="none"),  # type: ignore[arg-type]
    }
    return (
        schemas
        | {f"choice: {name}": choice(items) for name, items in choices.items()}
        | {f"argument: {name}": call for name, call in others.items()}
    )


def _limited_twice() -> Any:
    with cg.limited(cg.Limits(max_seconds=2.0)), cg.limited(cg.Limits(max_bytes=1_000_000)):
        return through(cg.choice([f"a word {n}" for n in range(50_000)]))
