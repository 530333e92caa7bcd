"""Sources, their spans as a language, and where a span is in them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property

from typing_extensions import override

from canvasgen.automata import ANY_CHARACTER, EMPTY, Expr, from_dfa, intersect, repeat, to_dfa
from canvasgen.checks import is_bool, is_mapping, is_sequence, one_of, whole_number
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint
from canvasgen.grounding.grounded_fields import Mark, ReaderName, UserReader, as_reader
from canvasgen.grounding.source_automaton import factors
from canvasgen.grounding.source_pieces import CutText, pieces
from canvasgen.grounding.source_readings import NAMES, Reading, Span, check_reader, read_sources
from canvasgen.grounding.span_relations import SpanRelation, sentences_of
from canvasgen.limits import kept
from canvasgen.showing import call

__all__ = ["Sources", "span_language"]

UNITS = ("word", "character")
FIELDS = ("all", "marked")
NUMBER, SPAN = ReaderName("number"), ReaderName("span")

LONGEST_SOURCE = 1_000_000
"""Most characters of all sources together."""


class Sources:
    """One or several texts that values are taken from.

    Args:
        texts: the texts.
        unit: `word`, or `character`: a span may begin and end at any character that is not white space.
        across_lines: whether a span may contain line breaks.
        max_length: most characters of a span; None: any number.
        fields: in a schema, whether `all` fields are taken from the sources but those that say otherwise, or only the
            `marked` ones (`Grounded`, `x-grounded`).
        readers: the user's own readers by name, for schemas that name them; see `Grounded`.
        relations: between the places of fields of a schema, such as `cg.spans.ordered("buyer", "product")`.

    Raises:
        InvalidConstraint: an argument is something else.
        ConstraintTooLarge: the texts are too long.
    """

    def __init__(
        self,
        texts: str | Sequence[str],
        *,
        unit: str = "word",
        across_lines: bool = False,
        max_length: int | None = None,
        fields: str = "all",
        readers: Mapping[str, UserReader] | None = None,
        relations: Sequence[SpanRelation] = (),
    ) -> None:
        self.texts: tuple[str, ...] = _texts(texts)
        self.unit = one_of(unit, UNITS, rule="unit")
        if not is_bool(across_lines):
            raise InvalidConstraint(
                "across_lines is True or False",
                rule="across_lines",
                value=across_lines,
                remedy="across_lines=True lets a span contain line breaks",
            )
        self.across_lines = bool(across_lines)
        self.max_length = None if max_length is None else whole_number(max_length, rule="max_length", low=1)
        self.fields = one_of(fields, FIELDS, rule="fields")
        self.readers: Mapping[str, UserReader] = _readers(readers)
        self.relations: tuple[SpanRelation, ...] = _relations(relations)
        self._readings: dict[tuple[ReaderName, str | None], Reading] = {}

    @override
    def __repr__(self) -> str:
        return call(
            "Sources", texts=len(self.texts), characters=sum(map(len, self.texts)), fields=self.fields
        )

    @cached_property
    def key(self) -> Hashable:
        """Equal for sources that mean the same."""
        own = tuple(sorted(self.readers.items(), key=lambda named: named[0]))
        return self.texts, self.unit, self.across_lines, self.max_length, self.fields, own, self.relations

    @cached_property
    def language(self) -> Expr:
        """The spans; empty if the sources have no word."""
        return span_language(self.texts, self.unit == "character", self.across_lines, self.max_length)

    def reading(self, reader: ReaderName, region: str | None = None) -> Reading:
        """Return what a reader finds in the sources; each is read once.

        Raises:
            UnknownOption, InvalidConstraint, MissingPackage: as for `read_sources`.
        """
        found = self._readings.get((reader, region))
        if found is None:
            found = read_sources(self.texts, reader, region, self.readers)
            self._readings[reader, region] = found
        return found

    def check(self, mark: Mark, path: str) -> None:
        """Raise UnknownOption if a mark names a reader that does not exist."""
        if mark.reader is not None:
            check_reader(mark.reader, self.readers, path)

    def place(self, value: str | float | bool, mark: Mark) -> Span | None:
        """Return the first place where a mark's reader finds a value of a JSON text; None if it does not."""
        if mark.reader in (None, SPAN):
            return self.find(value) if isinstance(value, str) else None
        return next(iter(self.places(value, mark)), None)

    def places(self, value: str | float | bool | Fraction, mark: Mark) -> list[Span]:
        """Return all places where a mark's reader finds a value of a JSON text, in order."""
        reader = SPAN if mark.reader is None else mark.reader
        if reader == SPAN:
            return self.occurrences(value) if isinstance(value, str) else []
        reading = self.reading(reader, mark.region)
        if isinstance(value, bool | str):
            return reading.places(value)
        return reading.places(Fraction(repr(value)) if isinstance(value, float) else Fraction(value))

    def occurrences(self, text: str) -> list[Span]:
        """Return all places where a text is a span, in order."""
        return [
            Span(start, start + len(text), text, source)
            for source, (content, cut) in enumerate(zip(self.texts, self._cuts, strict=True))
            for start in _starts(content, text)
            if cut.is_span(start, start + len(text))
        ]

    def within(self, regions: Iterable[tuple[int, int, int]]) -> Expr:
        """Return the spans inside of one of some regions, each a source, a start and a stop."""
        found = factors([self._cuts[source].inside(start, stop) for source, start, stop in regions])
        return _shortened(found, self.max_length)

    @cached_property
    def sentences(self) -> list[list[tuple[int, int]]]:
        """By source, the start and stop of each sentence."""
        return [sentences_of(text) for text in self.texts]

    @cached_property
    def _cuts(self) -> list[CutText]:
        characters = self.unit == "character"
        return [
            CutText(pieces(text, characters=characters, across_lines=self.across_lines))
            for text in self.texts
        ]

    @property
    def numbers(self) -> frozenset[Fraction]:
        """The numbers that are written in the sources, as fractions."""
        return frozenset(self.reading(NUMBER).numbers)

    def find(self, text: str) -> Span | None:
        """Return the first place where a span is, at words if it is there at words; None if it is nowhere."""
        for source, content in enumerate(self.texts):
            start = content.find(text) if text else -1
            while start >= 0:
                stop = start + len(text)
                if not _cuts_word(content, start) and not _cuts_word(content, stop):
                    return Span(start, stop, text, source)
                start = content.find(text, start + 1)
        for source, content in enumerate(self.texts):
            start = content.find(text) if text else -1
            if start >= 0:
                return Span(start, start + len(text), text, source)
        return None


def _starts(content: str, text: str) -> Iterator[int]:
    start = content.find(text) if text else -1
    while start >= 0:
        yield start
        start = content.find(text, start + 1)


def _relations(given: object) -> tuple[SpanRelation, ...]:
    if not is_sequence(given) or not all(isinstance(one, SpanRelation) for one in given):
        raise InvalidConstraint(
            "relations are a list of relations between spans",
            rule="relations",
            value=given,
            remedy='write relations=[cg.spans.ordered("a", "b")]',
        )
    return tuple(given)


def _texts(given: object) -> tuple[str, ...]:
    listed = (given,) if isinstance(given, str) else given
    if (
        not is_sequence(listed)
        or isinstance(listed, bytes)
        or not all(isinstance(one, str) for one in listed)
    ):
        raise InvalidConstraint(
            "a source is a text, or a list of texts", rule="source", value=given, remedy="pass the text"
        )
    texts = tuple(str(text) for text in listed)
    length = sum(map(len, texts))
    if length > LONGEST_SOURCE:
        raise ConstraintTooLarge(
            f"the sources have more than {LONGEST_SOURCE} characters",
            rule="source length",
            value=length,
            remedy="pass the part of the text that the answer is in",
        )
    for text in texts:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise InvalidConstraint(
                "a source holds a lone surrogate, which has no UTF-8",
                path=f"position {error.start}",
                rule="source",
                value=text,
                remedy='leave the surrogate out, or encode the text with errors="replace" first',
            ) from error
    return texts


def _readers(given: object) -> Mapping[str, UserReader]:
    if given is None:
        return {}
    if not is_mapping(given) or not all(
        isinstance(name, str) and callable(one) for name, one in given.items()
    ):
        raise InvalidConstraint(
            "readers are functions by name",
            rule="readers",
            value=given,
            remedy='write readers={"name": function}',
        )
    taken = sorted(given.keys() & NAMES)
    if taken:
        raise InvalidConstraint(
            "a reader of this name is there already",
            rule="readers",
            value=taken[0],
            remedy="give it another name",
        )
    return {str(name): as_reader(one) for name, one in given.items()}


def _cuts_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


@kept(64)
def span_language(
    texts: tuple[str, ...], characters: bool = False, across_lines: bool = False, most: int | None = None
) -> Expr:
    """Return the language of the spans of some texts; arguments as for `Sources`.

    Linear in the length of the texts: at most two states a piece and one a byte of each transition between them.
    """
    cut = (pieces(text, characters=characters, across_lines=across_lines) for text in texts)
    return _shortened(factors(list(cut)), most)


def _shortened(found: Expr, most: int | None) -> Expr:
    if most is None or found is EMPTY:
        return found
    dfa = to_dfa(intersect(found, repeat(ANY_CHARACTER, 1, most)))
    return EMPTY if dfa.is_empty else from_dfa(dfa)
