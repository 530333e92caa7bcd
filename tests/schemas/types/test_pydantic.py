"""Every kind of type that pydantic takes: instances match in every style, others do not."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import ipaddress
import json
import pathlib
import uuid
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, Optional, TypeVar, Union

import pytest
from constraint_walks import reason_of, spellings, walks
from pydantic import (
    UUID4,
    AliasChoices,
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    RootModel,
    TypeAdapter,
    conint,
    constr,
)
from typing_extensions import TypedDict

from canvasgen.constraints import json_schema
from canvasgen.errors import ValidationFailed
from canvasgen.schemas import load

T = TypeVar("T")


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Address(BaseModel):
    street: str
    zip: constr(pattern=r"^\d{5}$")  # type: ignore[valid-type]


class Person(BaseModel):
    name: str
    age: int
    city: str = "Paris"
    address: Address | None = None


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: conint(ge=1, le=9)  # type: ignore[valid-type]


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    good: bool


class Owner(BaseModel):
    pet: Annotated[Union[Cat, Dog], Field(discriminator="kind")]  # noqa: UP007
    spare: Cat | Dog | None = None


class Tree(BaseModel):
    value: int
    children: list[Tree] = []


class Chain(BaseModel):
    next: Optional[Chain] = None  # noqa: UP045


class Ping(BaseModel):
    pong: Pong | None


class Pong(BaseModel):
    ping: Ping | None


class Aliased(BaseModel):
    name: str = Field(alias="fullName", description="The name.")
    size: int = Field(validation_alias=AliasChoices("SIZE", "size"))


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: int


class Empty(BaseModel):
    pass


class Box(BaseModel, Generic[T]):
    item: T
    more: list[T] = []


class Scores(RootModel[dict[str, int]]):
    pass


class Names(RootModel[list[str]]):
    pass


@dataclasses.dataclass
class Point:
    x: float
    y: float = 0.0


class Movie(TypedDict, total=False):
    title: str
    year: int


class Pair(NamedTuple):
    a: int
    b: str = "z"


class Optionals(BaseModel):
    a: int | None = None
    b: str = "x"
    c: list[int] = []


class Documented(BaseModel):
    """A model with texts everywhere."""

    model_config = ConfigDict(title="Nice", json_schema_extra={"examples": [{"when": "2020-01-01"}]})
    when: dt.date = Field(description="the day", examples=["2020-01-01"])
    kind: Color = Color.RED
    level: Level = Level.LOW


# type, good values, bad values (as plain JSON data)
TABLE: list[tuple[Any, list[Any], list[Any]]] = [
    (int, [0, -5, 12345678901234567], [1.5, "1", None, True, "x"]),
    (float, [0.0, -1.5, 1e-07, 1.5e300, 3, 0.1, 123456.789], ["1", None, True]),
    (bool, [True, False], [0, "true", None]),
    (type(None), [None], [0, False, ""]),
    (str, ["", "Alice", 'quo"te', "back\\slash", "new\nline\t", "é😀\u2028\x7f\x01", "/"], [1, None, ["a"]]),
    (Any, [1, "a", None, True, [], {}, [1, [2]], {"a": {"b": [None]}}], []),
    (object, [1, "a"], []),
    (Literal["a", "b", 3, None, True], ["a", "b", 3, None, True], ["c", 4, False, 1]),
    (Color, ["red", "blue"], ["green", 1]),
    (Level, [1, 2], [3, "1"]),
    (int | None, [1, None], ["x", 1.5]),
    (int | str, [1, "1"], [None, 1.5]),
    (conint(ge=3, lt=120), [3, 119, 42], [2, 120, -3, 1000]),
    (conint(gt=0, multiple_of=5), [5, 100, 12345], [0, 3, -5, 7]),
    (Annotated[float, Field(ge=0, le=1)], [0.0, 1.0, 0.5, 1e-05, 0, 1, 0.123456789], [1.01, -0.1, 2, 10]),
    (Annotated[float, Field(gt=-2.5, lt=2.5)], [-2.4, 2.4, 0, 1e-10], [-2.5, 2.5, 3, -25]),
    (Annotated[float, Field(multiple_of=0.25)], [0.25, 1.0, -2.5], [0.1, 0.3]),
    (constr(min_length=2, max_length=4), ["ab", "abcd", "é😀"], ["a", "abcde", ""]),
    (constr(pattern=r"^[A-Z]{2}-\d+$"), ["AB-1", "ZZ-123"], ["ab-1", "AB-", "xAB-1"]),
    (constr(pattern="b+"), ["b", "abc"], ["", "ac"]),
    (Decimal, [1, 1.5, "1.50", "-3"], ["abc", None, ""]),
    (
        Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)],
        [1.25, "99.99", 100],
        [101, -1, "1.234"],
    ),
    (Annotated[Decimal, Field(max_digits=3)], [123, 1.25, "0.125", "-12.5"], [1234, "1.2345"]),
    (
        dt.date,
        ["2024-02-29", "1999-12-31", "0001-01-01"],
        ["2023-02-29", "2024-13-01", "2024-00-10", "24-01-01", 3],
    ),
    (
        dt.datetime,
        ["2024-02-29T12:30:00", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00.123456+01:00"],
        ["2024-01-01", "x"],
    ),
    (dt.time, ["12:30:00", "23:59:59.5Z"], ["24:00:00", "12:60:00"]),
    (dt.timedelta, ["P1DT2H3M4S", "PT0S", "P1Y35DT5.5S", "-PT23H59M54.5S"], ["P", "1D", "PT"]),
    (uuid.UUID, [str(uuid.UUID(int=7)), "12345678-1234-5678-1234-567812345678"], ["12345678", "z" * 36]),
    (UUID4, ["f47ac10b-58cc-4372-a567-0e02b2c3d479"], ["f47ac10b-58cc-1372-a567-0e02b2c3d479"]),
    (
        AnyUrl,
        ["https://example.com/", "ftp://files.example.org/a?b=c#d", "http://localhost:8080/x"],
        ["not a url", ""],
    ),
    (HttpUrl, ["https://example.com/", "http://10.0.0.1/"], ["ftp://example.com/", "https://"]),
    (ipaddress.IPv4Address, ["127.0.0.1", "255.0.255.9"], ["256.0.0.1", "1.2.3"]),
    (ipaddress.IPv6Address, ["::1", "2001:db8::ff00:42:8329", "1:2:3:4:5:6:7:8"], [":::", "1:2"]),
    (
        ipaddress.IPv4Network,
        ["192.168.0.0/24", "10.0.0.0/8", "1.2.3.4/32", "192.168.128.0/17"],
        ["10.0.0.1/8"],
    ),
    (bytes, ["abc", ""], [1]),
    (pathlib.Path, ["/tmp/x", "a/b"], [1]),
    (list[int], [[], [1], [1, 2, 3]], [["a"], [1, None], {}, 1]),
    (list[list[bool]], [[], [[]], [[True], [False, True]]], [[True], [[1]]]),
    (Annotated[list[int], Field(min_length=1, max_length=3)], [[1], [1, 2, 3]], [[], [1, 2, 3, 4]]),
    (set[int], [[], [1], [1, 2]], [[1, 1], ["a"]]),
    (frozenset[str], [["a", "b"]], [["a", "a"]]),
    (tuple[int, str], [[1, "a"]], [[1], ["a", 1], [1, "a", 2]]),
    (tuple[int, ...], [[], [1, 2]], [["a"]]),
    (tuple[()], [[]], [[1]]),
    (dict[str, int], [{}, {"a": 1}, {"a": 1, "ü b": 2}], [{"a": "x"}, [], {"a": None}]),
    (dict[Literal["x", "y"], int], [{}, {"x": 1}], [{"z": 1}]),
    (dict[Color, bool], [{"red": True}], [{"green": True}]),
    (dict[Annotated[str, Field(pattern="^k_")], int], [{"k_1": 1}, {}], [{"x": 1}]),
    (
        Annotated[dict[str, int], Field(min_length=1, max_length=2)],
        [{"a": 1}, {"a": 1, "b": 2}],
        [{}, {"a": 1, "b": 2, "c": 3}],
    ),
    (dict[int, str], [{}, {"1": "a", "-20": "b"}], [{"x": "a"}, {"1.5": "a"}]),
    (dict[dt.date, bool], [{"2024-02-29": True}], [{"2023-02-29": True}]),
    (dict[bool, int], [{"true": 1}], [{"yes": 1}]),
    (dict[str, Any], [{}, {"a": [1, {"b": None}]}], [[]]),
    (dict, [{}, {"a": 1}], [[], 1]),
    (list, [[], [1, "a", [None]]], [{}, 1]),
    (
        Person,
        [
            {"name": "A", "age": 3},
            {"name": "A", "age": 3, "city": "Rome", "address": None},
            {"name": "A", "age": 3, "address": {"street": "x", "zip": "12345"}},
        ],
        [
            {"name": "A"},
            {"name": "A", "age": "3"},
            {"name": "A", "age": 3, "x": 1},
            {},
            {"name": "A", "age": 3, "address": {"street": "x", "zip": "1234"}},
        ],
    ),
    (
        Owner,
        [
            {"pet": {"kind": "cat", "lives": 9}},
            {"pet": {"kind": "dog", "good": True}, "spare": {"good": False}},
        ],
        [
            {"pet": {"kind": "cow", "lives": 9}},
            {"pet": {"kind": "cat", "good": True}},
            {"pet": {"kind": "cat", "lives": 10}},
        ],
    ),
    (
        Tree,
        [{"value": 1}, {"value": 1, "children": [{"value": 2, "children": [{"value": 3}]}, {"value": 4}]}],
        [{"value": 1, "children": [1]}, {"value": 1, "children": [{"value": "x"}]}, {}],
    ),
    (Chain, [{}, {"next": None}, {"next": {"next": {}}}], [{"next": 1}, {"next": {"next": 2}}]),
    (
        Ping,
        [{"pong": None}, {"pong": {"ping": {"pong": None}}}],
        [{}, {"pong": {}}, {"pong": {"pong": None}}],
    ),
    (Aliased, [{"fullName": "A", "SIZE": 3}], [{"name": "A", "SIZE": 3}, {"fullName": "A"}]),
    (Open, [{"a": 1}, {"a": 1, "b": "x", "c": [1]}], [{}, {"a": "x"}]),
    (Closed, [{"a": 1}], [{"a": 1, "b": 2}]),
    (Empty, [{}], [{"a": 1}, []]),
    (Box[int], [{"item": 1}, {"item": 1, "more": [2]}], [{"item": "x"}]),
    (Box[Person], [{"item": {"name": "A", "age": 1}}], [{"item": 1}]),
    (Scores, [{}, {"a": 1}], [{"a": "x"}]),
    (Names, [[], ["a", "b"]], [[1]]),
    (Point, [{"x": 1.5, "y": 2.0}, {"x": 0}], [{}, {"x": "a"}, {"x": 1, "z": 2}]),
    (Movie, [{}, {"title": "x"}, {"title": "x", "year": 1}, {"year": 2}], [{"year": "x"}, {"other": 1}]),
    (Pair, [[1], [1, "a"]], [[], ["a"], [1, 2], [1, "a", 3]]),
    (
        Optionals,
        [{}, {"a": None}, {"b": "y"}, {"c": [1]}, {"a": 1, "c": []}, {"a": 1, "b": "q", "c": [2]}],
        [{"a": "x"}, {"d": 1}],
    ),
    (
        Documented,
        [{"when": "2020-02-29"}, {"when": "2020-01-01", "kind": "blue", "level": 2}],
        [{"when": "x"}, {}],
    ),
    (list[Person], [[], [{"name": "A", "age": 1}]], [[1]]),
    (Person | list[int] | None, [None, [1], {"name": "A", "age": 1}], ["x", [None]]),
]
IDS = [getattr(entry[0], "__name__", str(entry[0])) for entry in TABLE]


@pytest.mark.slow
@pytest.mark.parametrize(("wanted", "good", "bad"), TABLE, ids=IDS)
def test_type(wanted: Any, good: list[Any], bad: list[Any]) -> None:
    constraint = json_schema(wanted)
    compact = json_schema(wanted, whitespace="compact")
    adapter: TypeAdapter[Any] = TypeAdapter(wanted)
    for value in good:
        for text in spellings(value):
            assert constraint.matches(text), text
        assert compact.matches(spellings(value)[1])
        assert (
            constraint.parse(json.dumps(value)) == adapter.validate_python(value, strict=False)
            or wanted is bytes
        )
    for value in bad:
        for text in spellings(value):
            assert not constraint.matches(text), text
    for one in (constraint, compact):
        for text in walks(one.automaton, 15):
            refusal = reason_of(one, text)
            assert refusal in (None, "duplicate key", "uniqueItems"), text
            if refusal is None:
                one.parse(text)


@pytest.mark.parametrize(
    ("wanted", "text", "value"),
    [
        (Person, '{"age": 3, "name": "A"}', Person(name="A", age=3)),
        (Person, ' {"name": "A", "age": 3} ', Person(name="A", age=3)),
        (Person, '{"name" :"\\u0041", "age": -0}\r\n', Person(name="A", age=0)),
        (Person, '{"name": "A",\n\n\n"age": 3}', Person(name="A", age=3)),
        (str, '"\\u0041\\/"', "A/"),
        (float, "12.50E-1", 1.25),
        (Decimal, '"10E2"', Decimal(1000)),
        (Decimal, '"+1_0.50"', Decimal("10.50")),
    ],
)
def test_any_spelling_is_read(wanted: Any, text: str, value: Any) -> None:
    constraint = json_schema(wanted)
    assert not constraint.automaton.accepts(text.encode())
    assert constraint.matches(text)
    assert constraint.parse(text) == value


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (Person, '{"name": "A", "age": 3,}'),
        (Person, '{"name": "A",, "age": 3}'),
        (Person, '{"name": "A" "age": 3}'),
        (Person, '{"name": "A", "age": 03}'),
        (Person, '{"name": "A\nB", "age": 3}'),
        (Person, "{'name': 'A', 'age': 3}"),
        (Optionals, '{, "b": "x"}'),
        (dict[str, int], '{"a": 1, "a": 2}'),
        (float, "NaN"),
        (float, "Infinity"),
        (float, "1."),
        (float, ".5"),
        (float, "+1"),
        (str, '"\ud800"'),
        (str, '"\\ud800"'),
        (Decimal, '"NaN"'),
        (Decimal, '"1e99999999"'),
    ],
)
def test_texts_that_are_no_json(wanted: Any, text: str) -> None:
    assert not json_schema(wanted).matches(text)


def test_parse_gives_instances() -> None:
    assert json_schema(Person).parse('{"name": "A", "age": 3}') == Person(name="A", age=3)
    assert json_schema(Point).parse('{"x": 1}') == Point(1.0)
    assert json_schema(set[int]).parse("[1, 2]") == {1, 2}
    assert json_schema(Color).parse('"red"') is Color.RED
    assert json_schema({"type": "object"}).parse('{"a": [1]}') == {"a": [1]}


def test_the_prompt_schema_is_pydantics_own() -> None:
    assert load(Person).prompt_schema == TypeAdapter(Person).json_schema()


def test_field_validators_run_at_commit() -> None:
    from pydantic import field_validator

    class Even(BaseModel):
        n: int

        @field_validator("n")
        @classmethod
        def check(cls, value: int) -> int:
            if value % 2:
                raise ValueError("odd")
            return value

    constraint = json_schema(Even)
    assert constraint.matches('{"n": 2}')
    with pytest.raises(ValidationFailed, match="pydantic") as caught:
        constraint.validate('{"n": 3}')
    assert "odd" in str(caught.value.reasons)
