"""The text of a draft cut by the states of its tokens, for displays that show it while it forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

from canvasgen.trace import ACCEPTED, FIXED, FORCED, TraceStep

if TYPE_CHECKING:
    from canvasgen.vocabulary import Vocabulary

__all__ = ["State", "StatePiece", "state_pieces", "visible"]

State: TypeAlias = Literal["written", "forced", "accepted", "noise", "draft"]
"""`written`: committed before; `draft`: nothing is known of the states."""


class StatePiece(NamedTuple):
    """A part of a draft's text whose tokens have one state; characters that tokens share are in the first one's."""

    text: str
    state: State


class _Recorded(Protocol):
    """A step, as `Step` has it."""

    @property
    def before(self) -> bytes: ...
    @property
    def vocabulary(self) -> Vocabulary: ...


class _Draft(Protocol):
    """A draft, as the event has it."""

    @property
    def text(self) -> str: ...
    @property
    def record(self) -> _Recorded: ...
    @property
    def details(self) -> TraceStep | None: ...


def state_pieces(draft: _Draft) -> list[StatePiece]:
    """Return the text of a draft by states; the pieces together are its text."""
    details = draft.details
    if details is None or not details.marks:
        return [StatePiece(draft.text, "draft")]
    vocabulary = draft.record.vocabulary
    found: list[tuple[bytes, State]] = [(draft.record.before, "written")]
    for token, mark in zip(details.draft, details.marks, strict=True):
        if token in vocabulary.end_ids:
            break
        bits = int(mark, 16)
        state: State = "forced" if bits & FORCED else "accepted" if bits & (ACCEPTED | FIXED) else "noise"
        content = vocabulary.tokens[token] or b""
        if found[-1][1] == state or not _is_whole(found[-1][0]):
            found[-1] = found[-1][0] + content, found[-1][1]
        else:
            found.append((content, state))
    return [StatePiece(content.decode("utf-8", "replace"), state) for content, state in found if content]


def _is_whole(content: bytes) -> bool:
    """Return whether some bytes do not end within a character."""
    try:
        content[-4:].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason != "unexpected end of data"
    return True


def visible(text: str) -> str:
    """Return a text whose control characters are symbols, newlines and tabs apart: a text must not steer a terminal."""
    return "".join(
        character
        if character in "\n\t" or character.isprintable()
        else chr(0x2400 + ord(character))
        if ord(character) < 32
        else "\ufffd"
        for character in text
    )
