"""A survey of the types that pydantic reads from JSON: what is dumped matches, what is generated is read."""

from __future__ import annotations

import collections
import collections.abc as abc
import datetime as dt
import enum
import fractions
import ipaddress
import json
import pathlib
import re
import uuid
import zoneinfo
from collections.abc import Callable
from decimal import Decimal
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    Required,
    TypeVar,
    Union,
)

import annotated_types as at
import pydantic.networks as net
import pytest
from constraint_walks import reason_of, walks
from pydantic import (
    UUID5,
    AfterValidator,
    AliasChoices,
    AliasPath,
    AnyUrl,
    AwareDatetime,
    Base64Bytes,
    Base64UrlBytes,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Discriminator,
    Field,
    FutureDate,
    ImportString,
    IPvAnyAddress,
    Json,
    JsonValue,
    NaiveDatetime,
    PastDate,
    PlainValidator,
    SecretBytes,
    SecretStr,
    SkipValidation,
    StrictInt,
    Tag,
    TypeAdapter,
    UrlConstraints,
    WithJsonSchema,
    WrapValidator,
    computed_field,
    condate,
    condecimal,
    constr,
    create_model,
    model_validator,
)
from pydantic.dataclasses import dataclass
from typing_extensions import TypeAliasType, TypedDict

from canvasgen.constraints import json_schema
from canvasgen.errors import UnsupportedConstraint, ValidationFailed
from canvasgen.schemas import load

T = TypeVar("T")
N = TypeVar("N", bound=int)
Number = NewType("Number", int)
Nested = TypeAliasType("Nested", "Union[dict[str, Nested], list[Nested], str, int, None]")  # noqa: UP007 (members by discriminator)
Many = TypeAliasType("Many", list[T], type_params=(T,))


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Word(enum.StrEnum):
    A = "a"


class Mixed(enum.Enum):
    ONE = 1
    B = "b"
    NOTHING = None
    PAIR = (1, 2)


class Inner(BaseModel):
    x: int


class Rec(BaseModel):
    v: int
    more: list[Rec] = []


class Deep(BaseModel):
    a: int = Field(validation_alias=AliasPath("deep", "x", 1))
    b: str = Field(validation_alias=AliasPath("deep", "y"))
    c: int = Field(3, validation_alias=AliasPath("other", 0))


class Choices(BaseModel):
    a: int = Field(validation_alias=AliasChoices(AliasPath("p", 0), "two"))
    b: int = Field(validation_alias=AliasChoices("one", "uno"))


class ByName(BaseModel):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=False)
    a: int = Field(alias="A")


class Both(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    a: int = Field(alias="A")


class OpenInts(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, int]  # pyright: ignore[reportIncompatibleVariableOverride]
    a: int


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    a: int
    d: dt.date
    e: Color
    t: tuple[int, ...] = ()
    u: uuid.UUID | None = None


class Computed(BaseModel):
    a: int

    @computed_field
    @property
    def double(self) -> int:
        return 2 * self.a


class Hex(BaseModel):
    model_config = ConfigDict(ser_json_bytes="hex", val_json_bytes="hex")
    a: bytes


class Seconds(BaseModel):
    model_config = ConfigDict(ser_json_timedelta="float")
    a: dt.timedelta


class Cat(BaseModel):
    kind: Literal["cat"]
    n: int


class Red(BaseModel):
    kind: Literal["fish"] = "fish"
    hue: Literal["red"]


class Gold(BaseModel):
    kind: Literal["fish"] = "fish"
    hue: Literal["gold"]
    size: int = 0


@dataclass
class Checked:
    x: int
    y: int = Field(default=1, ge=0)


class Row(TypedDict):
    a: Required[int]
    b: NotRequired[str]


class Pair(NamedTuple):
    a: int
    b: str = "z"


class Envelope(BaseModel):
    body: Json[Inner]
    tail: Json[list[int]] | None = None


class Ordered(BaseModel):
    low: int
    high: int

    @model_validator(mode="after")
    def check(self) -> Ordered:
        if self.low > self.high:
            raise ValueError("order")
        return self


def even(value: int) -> int:
    if value % 2:
        raise ValueError("odd")
    return value


def kind_of(value: Any) -> str:
    if isinstance(value, dict):
        return "cat" if "n" in value else "inner"
    return "cat" if isinstance(value, Cat) else "inner"


Fish = Annotated[Union[Red, Gold], Field(discriminator="hue")]  # noqa: UP007
Told = Annotated[
    Annotated[Cat, Tag("cat")] | Annotated[Inner, Tag("inner")],
    Discriminator(kind_of),
]
UTC = dt.UTC

# type, values whose dumped texts are matched, texts that are refused
SURVEY: list[tuple[Any, list[Any], list[str]]] = [
    (Rec, [Rec(v=1, more=[Rec(v=2)])], ['{"v":1,"more":[1]}']),
    (Both, [Both(A=1)], ['{"B":1}']),
    (OpenInts, [OpenInts.model_validate({"a": 1, "b": 2})], ['{"a":1,"b":"x"}']),
    (Strict, [Strict(a=1, d=dt.date(2020, 1, 1), e=Color.RED, u=uuid.UUID(int=5))], ['{"a":"1"}']),
    (Computed, [], ['{"a":1,"double":2}']),
    (Hex, [Hex.model_construct(a=b"abc")], ['{"a":"xyz"}', '{"a":"abc"}']),
    (Seconds, [Seconds(a=dt.timedelta(3))], ['{"a":"x"}']),
    (Told, [Cat(kind="cat", n=1), Inner(x=1)], ['{"kind":"cat"}']),
    (Annotated[Cat | Fish, Field(discriminator="kind")], [Gold(hue="gold"), Cat(kind="cat", n=1)], ["{}"]),
    (Checked, [Checked(1)], ['{"x":1,"y":-1}']),
    (Row, [{"a": 1}, {"a": 1, "b": "x"}], ['{"b":"x"}']),
    (Pair, [Pair(1)], ["[]"]),
    (Mixed, [Mixed.ONE, Mixed.B, Mixed.NOTHING], ["[1,2]", "2"]),
    (Literal[Level.HIGH, "x"], [Level.HIGH, "x"], ["1"]),
    (Literal[Word.A, True, None], [Word.A, True, None], ["false", '"b"']),
    (Annotated[int | str, Field(union_mode="left_to_right")], [1, "a"], ["null"]),
    (collections.deque[int], [collections.deque([1])], ['["a"]']),
    (Annotated[set[int], Field(min_length=1, max_length=2)], [{1}], ["[]", "[1,2,3]", "[1,1]"]),
    (tuple[int, ...], [(1, 2)], ['["a"]']),
    (abc.Sequence[int], [[1]], ['["a"]']),
    (abc.Iterable[int], [], ["{}"]),
    (abc.Mapping[str, int], [{"a": 1}], ["[]"]),
    (collections.defaultdict[str, list[int]], [{"a": [1]}], ['{"a":1}']),
    (collections.Counter[str], [collections.Counter("aab")], ['{"a":"x"}']),
    (dict[Level, int], [{Level.LOW: 1}], ['{"3":1}']),
    (dict[Mixed, int], [{Mixed.B: 1}], ['{"1":1}']),
    (dict[Decimal, int], [{Decimal("1.50"): 1}], ['{"x":1}']),
    (dict[Optional[int], int], [{1: 2}], ['{"x":2}']),  # noqa: UP045
    (dict[int | dt.date, int], [{1: 2, dt.date(2020, 1, 1): 3}], ['{"x":2}']),
    (dict[Literal["a", 1], int], [{"a": 1}], ['{"1":1}', '{"b":1}']),
    (dict[tuple[int, int], int], [{}], ['{"1,2":1}']),
    (dict[uuid.UUID, int], [{uuid.UUID(int=3): 1}], ['{"x":1}']),
    (dict[ipaddress.IPv4Address, int], [{ipaddress.IPv4Address("1.2.3.4"): 1}], ['{"1.2":1}']),
    (dict[constr(pattern="^a", max_length=3), int], [{"ab": 1}], ['{"b":1}', '{"abcd":1}']),
    (Annotated[int, at.Interval(gt=3, le=9), at.MultipleOf(3)], [6, 9], ["3", "7", "12"]),
    (Annotated[list[int], at.Len(1, 2)], [[1]], ["[]", "[1,2,3]"]),
    (condecimal(max_digits=4, decimal_places=2, gt=0), [Decimal("1.25")], ['"1.255"', '"0"', "0"]),
    (condecimal(multiple_of=Decimal("0.05")), [Decimal("0.15")], ['"0.07"']),
    (constr(to_lower=True, pattern="^[a-z]+$"), ["ab"], ['"1"']),
    (constr(pattern=r"(?i)^abc\z"), ["ABC", "abc"], ['"abd"', '"abcd"']),
    (Annotated[str, Field(pattern=re.compile(r"\A(?P<one>a)\Z"))], ["a"], ['"b"']),
    (condate(ge=dt.date(2020, 5, 17), lt=dt.date(2024, 2, 29)), [dt.date(2024, 2, 28)], ['"2020-05-16"']),
    (Annotated[dt.datetime, Field(ge=dt.datetime(2020, 1, 1))], [dt.datetime(2020, 1, 1)], ['"x"']),
    (PastDate, [dt.date(2000, 1, 1)], ['"2999-01-01"']),
    (FutureDate, [dt.date(2999, 1, 1)], ['"2000-01-01"']),
    (AwareDatetime, [dt.datetime(2020, 1, 1, tzinfo=UTC)], ['"2020-01-01T00:00:00"']),
    (NaiveDatetime, [dt.datetime(2020, 1, 1, 2, 3, 4, 5)], ['"2020-01-01T00:00:00Z"']),
    (dt.time, [dt.time(1, 2, 3, 4, tzinfo=UTC)], ['"25:00:00"']),
    (IPvAnyAddress, [ipaddress.ip_address("::1")], ['"x"']),
    (ipaddress.IPv6Interface, [ipaddress.IPv6Interface("::1/64")], ['"::1/200"']),
    (AnyUrl, [AnyUrl("mailto:a@b.c"), AnyUrl("http://user:pw@example.com:99/?q")], ['"x"']),
    (net.FileUrl, [net.FileUrl("file:///etc/x")], ['"http://a.com/"']),
    (net.PostgresDsn, [net.PostgresDsn("postgresql://u:p@localhost:5432/db")], ['"http://a.com/"']),
    (net.MongoDsn, [net.MongoDsn("mongodb://a:1,b:2/db")], ['"http://a.com/"']),
    (net.MySQLDsn, [net.MySQLDsn("mysql+pymysql://u:p@localhost:3306/db")], ['"mysqlpymysql://a/b"']),
    (Annotated[AnyUrl, UrlConstraints(allowed_schemes=["s3"])], [AnyUrl("s3://bucket/x")], ['"gs://b/x"']),
    (UUID5, [uuid.uuid5(uuid.NAMESPACE_DNS, "a")], ['"f47ac10b-58cc-4372-a567-0e02b2c3d479"']),
    (SecretStr, [], ["1"]),
    (SecretBytes, [], ["1"]),
    (Base64Bytes, [b"abc"], ['"a"']),
    (Base64UrlBytes, [b"abc\xff\xfe"], ['"a"']),
    (pathlib.PurePosixPath, [pathlib.PurePosixPath("a")], ["1"]),
    (ByteSize, [ByteSize(3)], ['"x"', "-1"]),
    (fractions.Fraction, [fractions.Fraction(1, 3)], ['"a/3"']),
    (zoneinfo.ZoneInfo, [zoneinfo.ZoneInfo("UTC")], ['"Mars/Olympus"']),
    (Json[int], [], ['"x"', "1", '"1.5"']),
    (Json[list[str]], [], ['"[1]"', '["a"]']),
    (Json[Json[int]], [], ['"1"']),
    (Json[Rec], [], ['"{}"']),
    (Json, [], ['"{"']),
    (Envelope, [], ['{"body":"{}"}', '{"body":{"x":1}}']),
    (SkipValidation[int], [1], ['"a"']),
    (Number, [1], ['"a"']),
    (T, [1, "a"], []),
    (N, [1], ['"a"']),
    (Many[int], [[1]], ['["a"]']),
    (Nested, [{"a": [1, None]}], ["true"]),
    (JsonValue, [{"a": [1.5, None]}], []),
    (StrictInt, [1], ['"1"']),
    (Annotated[int, BeforeValidator(lambda value: value)], [1], ['"a"']),
    (Annotated[int, PlainValidator(lambda value: value)], [1], []),
    (Annotated[int, WrapValidator(lambda value, handler: handler(value))], [1], ['"a"']),
    (Annotated[int, WithJsonSchema({"type": "integer", "minimum": 3})], [3], ["2"]),
]


@pytest.mark.slow
@pytest.mark.parametrize(("wanted", "values", "bad"), SURVEY, ids=lambda entry: str(entry)[:40])
def test_survey(wanted: Any, values: list[Any], bad: list[str]) -> None:
    constraint = json_schema(wanted)
    adapter: TypeAdapter[Any] = TypeAdapter(wanted)
    for value in values:
        text = adapter.dump_json(value, by_alias=True).decode()
        assert constraint.matches(text), text
    for text in bad:
        assert not constraint.matches(text), text
    for text in walks(constraint.automaton, 15):
        if reason_of(constraint, text) is None:
            adapter.validate_json(text)
        else:
            assert _is_left_to_the_validator(wanted, text), text


def _is_left_to_the_validator(wanted: Any, text: str) -> bool:
    """Keys and items that stand twice, the day of today and of an open bound, odd spaces before a unit."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {**dict(pairs), "twice": True} if len(dict(pairs)) < len(pairs) else dict(pairs)

    data = json.loads(text, object_pairs_hook=once)
    if isinstance(data, dict):
        return "twice" in data
    if isinstance(data, list):
        return len({json.dumps(item) for item in data}) < len(data)
    return wanted in (ByteSize, FutureDate, PastDate) or data == "2024-02-29"


@pytest.mark.parametrize(
    ("wanted", "good", "bad"),
    [
        (Deep, '{"deep": {"x": [null, 5], "y": "s"}}', '{"a": 5, "b": "s"}'),
        (Deep, '{"deep": {"x": [null, 5], "y": "s"}, "other": [4]}', '{"deep": {"x": [5], "y": "s"}}'),
        (Choices, '{"two": 1, "one": 2}', '{"a": 1, "b": 2}'),
        (ByName, '{"a": 1}', '{"A": 1}'),
        (Json[int], '"12"', '"a"'),
        (Json[Inner], '"{\\"x\\":1}"', '"{\\"y\\":1}"'),
        (Json[Inner], '"{\\"x\\": 1}"', '"{}"'),
        (Json[Json[str]], json.dumps(json.dumps(json.dumps("a"))), json.dumps(json.dumps("a"))),
        (Envelope, '{"body":"{\\"x\\":1}","tail":"[1,2]"}', '{"body":"{\\"x\\":1}","tail":"[\\"a\\"]"}'),
    ],
)
def test_where_fields_are_read(wanted: Any, good: str, bad: str) -> None:
    constraint = json_schema(wanted)
    assert constraint.matches(good)
    assert not constraint.matches(bad)
    assert constraint.parse(good) == TypeAdapter(wanted).validate_json(good)
    for text in walks(constraint.automaton, 15):
        assert reason_of(constraint, text) is None, text


class PairEnum(enum.Enum):
    ONE = (1, 2)


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        (ImportString, "$"),
        (Callable[[int], str], "$"),
        (type[int], "$"),
        (re.Pattern[bytes], "$"),
        (PairEnum, "$"),
        (Literal[b"a"], "$"),
        (create_model("Holder", f=(list[Callable[[int], int]], ...)), "$.f"),
        (create_model("Outer", inner=(create_model("Holder", f=(type[int], ...)), ...)), "$.inner.f"),
        (TypedDict("Called", {"f": Callable[[int], int]}), "$.f"),
    ],
)
def test_what_json_cannot_hold_is_refused_by_its_path(wanted: Any, path: str) -> None:
    with pytest.raises(UnsupportedConstraint) as caught:
        json_schema(wanted)
    assert caught.value.path == path


def test_what_json_cannot_hold_is_left_out_beside_null() -> None:
    model = create_model("Hooked", a=(int, 1), hook=(Optional[Callable[[int], int]], None))  # noqa: UP045
    constraint = json_schema(model)
    assert constraint.matches('{"a": 1, "hook": null}')
    assert not constraint.matches('{"a": 1, "hook": 1}')
    assert load(model).prompt_schema["properties"]["hook"]["type"] == "null"


def test_a_bound_on_another_kind_of_value_is_a_refusal() -> None:
    constraint = json_schema(Annotated[Any, Field(ge=3)])
    assert constraint.matches("3")
    with pytest.raises(ValidationFailed, match="pydantic"):
        constraint.validate('"a"')


@pytest.mark.parametrize(
    ("wanted", "good", "bad"),
    [
        (Ordered, '{"low": 1, "high": 2}', '{"low": 3, "high": 2}'),
        (Annotated[int, AfterValidator(even)], "2", "3"),
        (Annotated[str, at.Predicate(str.islower)], '"a"', '"A"'),
        (Annotated[int | float, Field(gt=3)], "4.5", "2"),
    ],
)
def test_what_only_a_validator_refuses(wanted: Any, good: str, bad: str) -> None:
    constraint = json_schema(wanted)
    assert constraint.matches(good)
    assert constraint.automaton.accepts(bad.encode())
    assert not constraint.matches(bad)
    assert any(note.kind == "validator" for note in constraint.explain())
