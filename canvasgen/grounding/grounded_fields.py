"""`Grounded`: which fields of a schema are taken from a source, and by which reader."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, cast

from typing_extensions import override

from canvasgen.checks import is_bool, is_mapping
from canvasgen.errors import InvalidConstraint

__all__ = ["KEYWORD", "Grounded", "Mark", "ReaderName", "UserReader", "mark_of"]

KEYWORD = "x-grounded"
"""The extension keyword of a schema: true, false, or `{"reader": name, "region": code}`."""

UserReader: TypeAlias = "Callable[[str], object]"
"""A function from a source to `[(place, value), …]`; a place is `(start, stop)` or a `Span`."""

_REGION = "region"
_KEYS = frozenset(("reader", _REGION))


class ReaderName(str):
    """The name of a reader, with its function if it is a user's own; equal if both are."""

    __slots__ = ("function",)
    function: UserReader | None

    def __new__(cls, name: str, function: UserReader | None = None) -> ReaderName:
        """Return a name with its function; None: one that the package or the sources have."""
        made = super().__new__(cls, name)
        made.function = function
        return made

    @override
    def __reduce__(self) -> tuple[type[ReaderName], tuple[str, UserReader | None]]:
        return ReaderName, (str(self), self.function)

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, ReaderName) and str(self) == str(other) and other.function is self.function

    @override
    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    @override
    def __repr__(self) -> str:
        # Schemas are remembered by their representation, so two functions of one name must differ in it.
        own = "" if self.function is None else f" at {id(self.function):#x}"
        return f"{str.__repr__(self)}{own}"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a schema says about grounding.

    Attributes:
        on: whether the values are taken from the source.
        reader: what reads them; None: what suits the type and the format.
        region: two letters, the country whose national phone numbers are read.
    """

    on: bool = True
    reader: ReaderName | None = None
    region: str | None = None


class Grounded:
    """Marks a field as taken from the source, as `Annotated[str, Grounded()]`.

    Without a reader it means what `grounded=True` means, for this field and all inside it: strings are spans of the source,
    numbers, dates and times are ones that it states; enums, literals and booleans are free. With a reader every string,
    number and boolean of the field is one of the reader's values.

    Args:
        grounded: False: the field is free, also under `grounded=True`.
        reader: `span`, `number`, `date`, `time`, `date-time`, `email`, `uri`, `phone`, `price`, `currency`, `boolean`; the
            name of one of `Sources(readers=…)`; or a function from the source's text to `[(place, value), …]`, with
            places `(start, stop)` and values that are texts, numbers, booleans, dates, times or datetimes.
        region: of `phone`, the country (`US`, `GB`, …) whose national numbers are read; international ones always are.

    Raises:
        InvalidConstraint: an argument is something else.
    """

    def __init__(
        self, grounded: bool = True, *, reader: str | UserReader | None = None, region: str | None = None
    ) -> None:
        if not is_bool(grounded):
            raise InvalidConstraint(
                "grounded is True or False",
                rule="Grounded",
                value=grounded,
                remedy="write cg.Grounded(True), or False for a field that is free",
            )
        self.mark = Mark(bool(grounded), _reader(reader), _region(region, reader))
        if not grounded and reader is not None:
            raise InvalidConstraint(
                "a field that is free has no reader",
                rule="Grounded",
                value=reader,
                remedy="leave the reader out, or ground the field",
            )

    @override
    def __repr__(self) -> str:
        given = "" if self.mark.on else "False"
        if self.mark.reader is not None:
            given = f"reader={self.mark.reader!r}"
        if self.mark.region is not None:
            given += f", region={self.mark.region!r}"
        return f"Grounded({given})"

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Grounded) and other.mark == self.mark

    @override
    def __hash__(self) -> int:
        return hash(self.mark)

    @property
    def keyword(self) -> bool | dict[str, str]:
        """The value of the keyword `x-grounded`."""
        mark = self.mark
        if mark.reader is None:
            return mark.on
        written: dict[str, str] = {"reader": mark.reader}
        return written if mark.region is None else {**written, _REGION: mark.region}

    def __get_pydantic_json_schema__(
        self, core_schema: object, handler: Callable[[object], dict[str, object]]
    ) -> dict[str, object]:
        """Write the keyword into pydantic's schema of the field."""
        return {**handler(core_schema), KEYWORD: self.keyword}


def mark_of(value: object, path: str) -> Mark:
    """Return what the keyword's value means.

    Raises:
        InvalidConstraint: it has no meaning.
    """
    if is_bool(value):
        return Mark(bool(value))
    if not is_mapping(value) or not value.keys() <= _KEYS or "reader" not in value:
        raise InvalidConstraint(
            f"`{KEYWORD}` is true, false, or an object with a reader and for phones a region",
            path=path,
            rule=KEYWORD,
            value=value,
            remedy=f'write "{KEYWORD}": true, or {{"reader": "date"}}',
        )
    reader = value["reader"]
    if not isinstance(reader, str):
        raise InvalidConstraint(
            "a reader in a schema is a name",
            path=path,
            rule="reader",
            value=reader,
            remedy='write the name of a reader, such as "number" or "date"',
        )
    return Mark(True, _reader(reader), _region(value.get(_REGION), reader))


def _reader(given: object) -> ReaderName | None:
    if given is None or isinstance(given, ReaderName):
        return given
    if isinstance(given, str):
        return ReaderName(given)
    if not callable(given):
        raise InvalidConstraint(
            "a reader is a name, or a function from the source's text to [(place, value), …]",
            rule="reader",
            value=given,
            remedy='give a name such as "number", or a function',
        )
    return ReaderName(getattr(given, "__name__", type(given).__name__), as_reader(given))


def as_reader(given: Callable[..., object]) -> UserReader:
    """Return a function that takes the text of a source and nothing else.

    Raises:
        InvalidConstraint: it takes something else.
    """
    try:
        inspect.signature(given).bind("")
    except ValueError:  # a builtin without a signature
        pass
    except TypeError as error:
        raise InvalidConstraint(
            f"a reader is called with the text of a source alone: {error}",
            rule="reader",
            value=given,
            remedy="define the function with one parameter: def reader(text): …",
        ) from error
    return cast("UserReader", given)


def _region(given: object, reader: object) -> str | None:
    if given is None:
        return None
    if not (isinstance(given, str) and len(given) == 2 and given.isascii() and given.isupper()):
        raise InvalidConstraint(
            "a region is two capital letters, such as US",
            rule="region",
            value=given,
            remedy='write region="US"',
        )
    if reader != "phone":
        raise InvalidConstraint(
            "a region goes with the reader `phone`",
            rule="region",
            value=given,
            remedy='set reader="phone", or leave the region out',
        )
    return given
