"""The relations between the fields of a JSON text as a memory for the search over canvases (`inference.remembering`).

    tokens ──▶ FieldReader: which fields are read, which can come no more ──▶ a monitor for each relation

A memory is the reader's context and the states of the monitors: equal for texts after which the same is still possible.
A relation with letters has one state for each choice of items that it has met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from canvasgen.field_relations.field_values import Inexact, plain_texts, scalar_of, spells
from canvasgen.field_relations.json_reader import Context, Event, FieldReader, Hit, Hits, Read
from canvasgen.field_relations.monitors import DONE, Aim, State
from canvasgen.field_relations.related_fields import RelatedFields
from canvasgen.relations import Value
from canvasgen.vocabulary import Vocabulary

__all__ = ["FieldMemory", "Remembered"]

Bools = NDArray[np.bool_]
Items: TypeAlias = "tuple[int, ...]"
Change: TypeAlias = "Callable[[State], State | None]"
_MOST_KNOWN = 200_000
"""Steps of the reader that are remembered."""


class _Bound(NamedTuple):
    """The states of a relation: before any item is chosen (None: it can hold for no item), and by the items chosen."""

    base: State | None
    items: tuple[tuple[Items, State], ...] = ()


class Remembered(NamedTuple):
    """What is remembered of a text: the reader's context, and the states of the relations."""

    context: Context
    relations: tuple[_Bound, ...]


class FieldMemory:
    """What is remembered of a JSON text's related fields, over a vocabulary.

    Attributes:
        start: before the text.

    Args:
        relations: the relations.
        vocabulary: the vocabulary.
    """

    def __init__(self, relations: Sequence[RelatedFields], vocabulary: Vocabulary) -> None:
        self._relations = tuple(relations)
        self._vocabulary = vocabulary
        self._slots = [(r, slot) for r, one in enumerate(self._relations) for slot in range(len(one.paths))]
        self._reader = FieldReader([path for one in self._relations for path in one.paths])
        self._known: dict[tuple[Context, int], tuple[Context, list[Event]] | None] = {}
        self._ways: dict[tuple[type[object], Value, str], tuple[int, ...]] = {}
        self._wanted: dict[Remembered, tuple[Aim, ...]] = {}
        self.start = Remembered(
            self._reader.start, tuple(_Bound(one.monitor.start) for one in self._relations)
        )

    def run(self, tokens: Sequence[int], memory: Remembered | None = None) -> Remembered | None:
        """Return the memory after several tokens; None if the relations cannot hold any more."""
        found: Remembered | None = self.start if memory is None else memory
        for token in tokens:
            if token in self._vocabulary.end_ids:
                return found
            found = self.read(found, int(token))
            if found is None:
                return None
        return found

    # The protocol of `inference.remembering.Memory`.

    def read(self, memory: Remembered, token: int) -> Remembered | None:
        """Return the memory after one more token; None if the relations cannot hold any more."""
        key = (memory.context, token)
        if key not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            content = self._vocabulary.tokens[token]
            self._known[key] = self._reader.read(memory.context, content or b"")
        found = self._known[key]
        if found is None:
            return None
        context, events = found
        relations = memory.relations
        for event in events:
            relations = self._after(relations, event)
            if relations is None:
                return None
        after = Remembered(context, relations)
        return None if self._misses(after) else after

    def is_complete(self, memory: Remembered) -> bool:
        """Return whether the text has ended; the relations hold then."""
        return memory.context.mode == "end"

    def moved_by(self, memory: Remembered) -> Bools | None:
        """Return the tokens that may lead out of a value that no path leads to."""
        context = memory.context
        if context.mode != "skip":
            return None
        _, quoted, escaped = context.data
        if escaped:  # any token ends the escape
            return None
        return self._quotes if quoted else self._marks

    def lane(self, memory: Remembered) -> int:
        """Return 1 where the field that is being written may become one that its relation aims at, else 0."""
        begun = _begun(memory.context)
        if begun is None:
            return 0
        return int(any(spells(begun, aim.value) for aim in self._aims(memory)))

    def aimed(self, memory: Remembered) -> Sequence[int]:
        """Return the tokens that lead on to a value that a relation aims at."""
        begun = "" if memory.context.mode == "value" else _begun(memory.context)
        if begun is None:
            return ()
        found: dict[int, None] = {}
        for aim in self._aims(memory):
            found |= dict.fromkeys(self._leading_to(aim.value, begun))
        return tuple(found)

    # Inside.

    def _leading_to(self, value: Value, begun: str) -> tuple[int, ...]:
        """The tokens that go on from the beginning of a value's text, also with what may stand around it."""
        key = (type(value), value, begun)
        if key not in self._ways:
            if len(self._ways) >= _MOST_KNOWN:
                self._ways.clear()
            found: dict[int, None] = {}
            for text in plain_texts(value):
                for lead in ("", " ") if not begun else ("",):
                    rest = (lead + text[len(begun) :]).encode() if text.startswith(begun) else b""
                    for follows in (b"", b",", b"}", b"]") if rest else ():
                        found |= {token: None for token, _ in self._vocabulary.tokens_at(rest + follows, 0)}
            self._ways[key] = tuple(found)
        return self._ways[key]

    def _after(self, relations: tuple[_Bound, ...], event: Event) -> tuple[_Bound, ...] | None:
        number, slot = self._slots[event.hit.path]
        if isinstance(event, Read):
            try:
                value = scalar_of(event.text)
            except Inexact:
                return None
            bound = self._read(number, slot, relations[number], event.hit, value)
        else:
            bound = self._closed(number, slot, relations[number], event.hit)
        if bound is None:
            return None
        return (*relations[:number], bound, *relations[number + 1 :])

    def _read(self, number: int, slot: int, bound: _Bound, hit: Hit, value: Value) -> _Bound | None:
        one = self._relations[number]
        if hit.items and all(items[: len(hit.items)] != hit.items for items, _ in bound.items):
            if bound.base is None:
                return None
            bound = bound._replace(items=(*bound.items, (hit.items, bound.base)))
        return _changed(
            bound, hit, bool(one.letters), lambda state: one.monitor.value(state, slot, value), ended=False
        )

    def _closed(self, number: int, slot: int, bound: _Bound, hit: Hit) -> _Bound | None:
        one = self._relations[number]
        ended = bool(hit.items) and len(hit.items) == len(one.letters)
        return _changed(
            bound, hit, bool(one.letters), lambda state: one.monitor.close(state, slot), ended=ended
        )

    def _misses(self, memory: Remembered) -> bool:
        """Whether the field that is being written cannot become the only value that its relation allows."""
        begun = _begun(memory.context)
        if not begun or "null".startswith(begun):
            return False
        return any(aim.is_only and not spells(begun, aim.value) for aim in self._aims(memory))

    def _aims(self, memory: Remembered) -> tuple[Aim, ...]:
        if memory.context.mode not in ("value", "scalar", "string"):
            return ()
        found = self._wanted.get(memory)
        if found is None:
            if len(self._wanted) >= _MOST_KNOWN:
                self._wanted.clear()
            found = self._wanted[memory] = tuple(self._found_aims(memory))
        return found

    def _found_aims(self, memory: Remembered) -> Iterator[Aim]:
        context = memory.context
        depth = len(context.frames)
        hits: Hits = context.data[0]
        for hit in hits:
            number, slot = self._slots[hit.path]
            one = self._relations[number]
            if len(one.paths[slot].steps) != depth:
                continue
            bound = memory.relations[number]
            state = bound.base
            if one.letters:
                same = (state for items, state in bound.items if items == hit.items)
                state = next(same, bound.base) if hit.items else DONE
            aim = None if state is None else one.monitor.aim(state, slot)
            if aim is not None:
                yield aim

    @cached_property
    def _quotes(self) -> Bools:
        return self._with(b'"\\')

    @cached_property
    def _marks(self) -> Bools:
        return self._with(b'",:{}[] \t\n\r')

    def _with(self, marks: bytes) -> Bools:
        tokens = self._vocabulary.tokens
        found = (content is not None and any(byte in marks for byte in content) for content in tokens)
        return np.fromiter(found, np.bool_, len(tokens))


def _begun(context: Context) -> str | None:
    """What is written of a field that relations are about; None if none is being written."""
    if context.mode not in ("scalar", "string"):
        return None
    try:
        return context.data[1].decode()
    except UnicodeDecodeError:  # a token ends inside of a character
        return None


def _changed(bound: _Bound, hit: Hit, has_letters: bool, change: Change, *, ended: bool) -> _Bound | None:
    """The states after a change of those that are about the hit's items; None if one of them cannot hold."""
    items: list[tuple[Items, State]] = []
    for at, state in bound.items:
        if at[: len(hit.items)] == hit.items:
            state = change(state)
            if state is None:
                return None
            if ended and state == DONE:
                continue
        items.append((at, state))
    base = bound.base
    if not hit.items and base is not None:
        base = change(base)
        if base is None and not has_letters:
            return None
    return _Bound(base, tuple(items))
