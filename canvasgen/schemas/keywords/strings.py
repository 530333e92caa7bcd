"""The keywords of strings: lengths, `pattern`, `format`, `contentEncoding` and `contentMediaType`."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction

from canvasgen import automata
from canvasgen.errors import InvalidConstraint
from canvasgen.schemas.document.keywords import DECIMAL_TEXT, JSON_TEXT
from canvasgen.schemas.keywords import contents, formats
from canvasgen.schemas.keywords.patterns import pattern_part
from canvasgen.schemas.keywords.schema_object import SchemaObject
from canvasgen.schemas.normal.numbers import has_number
from canvasgen.schemas.normal.shapes import Numbers, Part, Strings
from canvasgen.schemas.texts.embedded_text import text_part
from canvasgen.schemas.texts.numerals.number_text import number_text
from canvasgen.schemas.texts.reading import LARGEST_EXPONENT

__all__ = ["strings"]


def strings(schema: SchemaObject) -> tuple[Strings, ...]:
    """Return the strings that the keywords allow."""
    bounds = schema.bounds("minLength", "maxLength")
    parts: list[Part] = []
    if "pattern" in schema.keywords:
        parts.append(pattern_part(schema.keywords["pattern"], schema.at("pattern"), schema.context.limits))
    for part in (_format(schema), _content(schema)):
        if part is not None:
            parts.append(part)
    if JSON_TEXT in schema.keywords:
        parts.append(text_part(schema.node(JSON_TEXT)))
        schema.note("departure", "the JSON inside a string is compact and of bounded depth")
    if DECIMAL_TEXT in schema.keywords:
        parts.append(_decimal_text(schema.node(DECIMAL_TEXT).values.numbers))
    if bounds is None:
        return ()
    return (Strings(bounds[0], bounds[1], tuple(parts)),)


def _format(schema: SchemaObject) -> Part | None:
    if "format" not in schema.keywords:
        return None
    name = schema.keywords["format"]
    if not isinstance(name, str):
        raise InvalidConstraint(
            "`format` is a string",
            path=schema.at("format"),
            rule="format",
            value=name,
            remedy='write a string such as "date"',
        )
    part = formats.part(name, python=schema.context.python)
    if part is None and name in formats.FREE:
        schema.note("validator", f"the format {name!r} has no automaton")
    elif part is None:
        schema.note("annotation", f"the format {name!r} is not known and has no effect")
    return part


def _decimal_text(shapes: tuple[Numbers, ...]) -> Part:
    """Return the strings that `decimal.Decimal` reads as a number of one of the shapes."""

    def holds(value: str) -> bool:
        try:
            number = Decimal(value)
        except InvalidOperation:
            return False
        if not number.is_finite() or abs(number.adjusted()) > LARGEST_EXPONENT:
            return False
        return any(has_number(shape, Fraction(number)) for shape in shapes)

    texts = (number_text(shape) for shape in shapes)
    return Part("decimal text", automata.union(*texts), under_approximates=True, holds=holds)


def _content(schema: SchemaObject) -> Part | None:
    """Return what draft 7 allows to assert about the content of a string; later drafts only annotate."""
    if schema.draft != 7:
        return None
    encoding, media_type = (schema.keywords.get(name) for name in ("contentEncoding", "contentMediaType"))
    return contents.part(
        encoding if isinstance(encoding, str) else None, media_type if isinstance(media_type, str) else None
    )
