"""Reading JSON byte by byte, as far as some fields are concerned: what is read so far is a small hashable value.

A *context* is where the reader is; everything about parts of the text that no path leads to is forgotten, so that texts
which differ only there lead to the same context. The bytes are those of generated texts, which are JSON.

| mode | data |
|---|---|
| `value` | before a value: its *hits* |
| `open` | after `{` or `[` |
| `key` | in a key: its bytes, whether the next is escaped |
| `colon` | after a key: it |
| `next` | before the key behind a comma |
| `after` | behind a value, before a comma or the end |
| `scalar` | in a number or literal that is a field: its hits, its bytes |
| `string` | in a string that is a field: its hits, its bytes, whether the next is escaped |
| `skip` | in a value that no path leads to: brackets that are open, whether in a string, whether the next is escaped |
| `end` | behind the text |
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from canvasgen.field_relations.field_paths import ITEMS, KEYS, Each, FieldPath

__all__ = ["Closed", "Context", "Event", "FieldReader", "Hit", "Hits", "Read"]


class Hit(NamedTuple):
    """A path that leads to a place, or through it.

    Attributes:
        path: its number.
        items: the items that its letters stand for, as far as they lie before the place.
    """

    path: int
    items: tuple[int, ...] = ()


Hits: TypeAlias = "tuple[Hit, ...]"


class _Frame(NamedTuple):
    """An object or a list that is open: the paths that lead into it, and the item of a list as far as it matters."""

    is_list: bool
    hits: Hits
    item: int = 0


class Context(NamedTuple):
    """Where the reader is."""

    frames: tuple[_Frame, ...]
    mode: str
    data: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Read:
    """A field was read.

    Attributes:
        hit: the path.
        text: the JSON text of its scalar value.
    """

    hit: Hit
    text: str


@dataclass(frozen=True)
class Closed:
    """No more fields of a path follow, for these items of its letters and all that begin with them."""

    hit: Hit


Event: TypeAlias = "Read | Closed"
_SPACE = b" \t\n\r"
_OPENING, _CLOSING = b"{[", b"}]"
_SCALAR_ENDS = b",}] \t\n\r"


class FieldReader:
    """Reads the fields of some paths.

    Attributes:
        start: the context before the text.

    Args:
        paths: the paths; `Hit.path` is a place in this list.
    """

    def __init__(self, paths: Sequence[FieldPath]) -> None:
        self._paths = tuple(paths)
        self.start = Context((), "value", (tuple(Hit(number) for number in range(len(paths))),))

    def read(self, context: Context, content: bytes) -> tuple[Context, list[Event]] | None:
        """Read on.

        Returns:
            The next context, and what happened on the way; None where the bytes go on behind the end of the text.
        """
        events: list[Event] = []
        for byte in content:
            while True:
                found = getattr(self, f"_in_{context.mode}")(context, byte, events)
                if found is None:
                    return None
                context, again = found
                if not again:
                    break
        return context, events

    # By mode: the next context, and whether the byte is still to be read in it.

    def _in_end(self, context: Context, byte: int, events: list[Event]) -> tuple[Context, bool] | None:
        return (context, False) if byte in _SPACE else None

    def _in_value(self, context: Context, byte: int, events: list[Event]) -> tuple[Context, bool]:
        if byte in _SPACE:
            return context, False
        hits: Hits = context.data[0]
        depth, frames = len(context.frames), context.frames
        here = tuple(hit for hit in hits if len(self._paths[hit.path].steps) == depth)
        further = tuple(hit for hit in hits if len(self._paths[hit.path].steps) > depth)
        if byte in _OPENING:
            self._close(here, depth, events)
            if not further:
                return Context(frames, "skip", (1, False, False)), False
            return Context((*frames, _Frame(byte == 0x5B, further)), "open"), False
        self._close(further, depth, events)
        if not here:
            return Context(frames, "skip", (0, byte == 0x22, False)), False
        mode, data = ("string", (here, b'"', False)) if byte == 0x22 else ("scalar", (here, bytes((byte,))))
        return Context(frames, mode, data), False

    def _in_open(self, context: Context, byte: int, events: list[Event]) -> tuple[Context, bool]:
        if byte in _SPACE:
            return context, False
        if byte in _CLOSING:
            return self._leave(context, events), False
        if context.frames[-1].is_list:
            return self._item(context), True
        return context._replace(mode="key", data=(b"", False)), False

    def _in_next(self, context: Context, byte: int, events: list[Event]) -> tuple[Context, bool]:
        if byte in _SPACE:
            return context, False
        return context._replace(mode="key", data=(b"", False)), False

    def _in_key(self, context: Context, byte: int, events: list[Event]) -> tuple[Context, bool]:
        content, escaped = context.data
        if byte == 0x22 and not escaped:
            key: str = json.loads(b'"' + content + b'"')
            hits = context.frames[-1].hits
            leads = any(self._paths[hit.path].steps[len(context.frames) - 1] in (key, KEYS) for hit in hits)
            return context._replace(mode="colon", data=(key if leads else None,)), False
        return context._replace(data=(content + bytes((byte,)), byte == 0x5C and not escaped)), False

    def _in_colon(self, context: Context, byte: int, events: list[Event]) -> tuple[Context, bool]:
        if byte != 0x3A:
            return context, False
        key, step = context.data[0], len(context.frames) - 1
        hits = tuple(
            hit for hit in context.frames[-1].hits if self._paths[hit.path].steps[step] in (key, KEYS)
        )
        return context._replace(mode="value", data=(hits,)), False

    def _in_after(self, context: Context, byte: int, events: list[Event]) -> tuple[Context, bool]:
        if byte in _SPACE:
            return context, False
        if byte in _CLOSING:
            return self._leave(context, events), False
        frame = context.frames[-1]
        if not frame.is_list:
            return context._replace(mode="next", data=()), False
        frames = (*context.frames[:-1], frame._replace(item=self._next_item(context)))
        return self._item(Context(frames, "value")), False

    def _in_scalar(self, context: Context, byte: int, events: list[Event]) -> tuple[Context, bool]:
        hits, content = context.data
        if byte not in _SCALAR_ENDS:
            return context._replace(data=(hits, content + bytes((byte,)))), False
        events += [Read(hit, content.decode()) for hit in hits]
        return self._behind(context.frames), True

    def _in_string(self, context: Context, byte: int, events: list[Event]) -> tuple[Context, bool]:
        hits, content, escaped = context.data
        content += bytes((byte,))
        if byte == 0x22 and not escaped:
            events += [Read(hit, content.decode()) for hit in hits]
            return self._behind(context.frames), False
        return context._replace(data=(hits, content, byte == 0x5C and not escaped)), False

    def _in_skip(self, context: Context, byte: int, events: list[Event]) -> tuple[Context, bool]:
        depth, quoted, escaped = context.data
        if quoted:
            if escaped or byte != 0x22:
                return context._replace(data=(depth, True, byte == 0x5C and not escaped)), False
            if depth == 0:
                return self._behind(context.frames), False
            return context._replace(data=(depth, False, False)), False
        if depth == 0 and byte in _SCALAR_ENDS:
            return self._behind(context.frames), True
        if byte == 0x22:
            return context._replace(data=(depth, True, False)), False
        depth += (byte in _OPENING) - (byte in _CLOSING)
        if depth == 0 and byte in _CLOSING:
            return self._behind(context.frames), False
        return context._replace(data=(depth, False, False)), False

    # Places.

    @staticmethod
    def _behind(frames: tuple[_Frame, ...]) -> Context:
        return Context(frames, "after" if frames else "end")

    def _leave(self, context: Context, events: list[Event]) -> Context:
        frame = context.frames[-1]
        self._close(frame.hits, len(context.frames) - 1, events)
        return self._behind(context.frames[:-1])

    def _close(self, hits: Hits, depth: int, events: list[Event]) -> None:
        """Tell the paths whose fields can stand nowhere else than inside of the value that ends at a depth."""
        for hit in hits:
            first = self._paths[hit.path].first_every
            if first is None or depth <= first:
                events.append(Closed(hit))

    def _item(self, context: Context) -> Context:
        """Before an item of the innermost list."""
        frame, step = context.frames[-1], len(context.frames) - 1
        hits: list[Hit] = []
        for hit in frame.hits:
            wanted = self._paths[hit.path].steps[step]
            if wanted == ITEMS or wanted == frame.item:
                hits.append(hit)
            elif isinstance(wanted, Each):
                hits.append(Hit(hit.path, (*hit.items, frame.item)))
        return context._replace(mode="value", data=(tuple(hits),))

    def _next_item(self, context: Context) -> int:
        """The number of the next item, no larger than is needed to tell the items apart."""
        frame, step = context.frames[-1], len(context.frames) - 1
        steps = [self._paths[hit.path].steps[step] for hit in frame.hits]
        if any(isinstance(one, Each) for one in steps):
            return frame.item + 1
        return min(frame.item + 1, max((one for one in steps if isinstance(one, int)), default=-1) + 1)
