"""Whether the spans of a source are called or copied in the texts of a schema, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass

from canvasgen.automata import CalledLanguage, Expr, to_dfa
from canvasgen.grounding import Sources
from canvasgen.limits import Limits
from canvasgen.notes import Note
from canvasgen.schemas.texts.emit import Written
from canvasgen.schemas.texts.fences import Fence, in_written_fences
from canvasgen.schemas.texts.string_text import escaped

__all__ = ["CalledSpans", "called_spans"]

LEAST_CALLERS = 2
MOST_COPIED_STATES = 20_000
"""Spans that stand at several places are called if the automaton with copies would have more states than this."""


@dataclass(frozen=True, eq=False)
class CalledSpans:
    """The texts of a schema whose spans are called.

    Attributes:
        written: the frames, without a code fence.
        frame: the frames as they are generated.
        language: the frames, and the spans that they call.
    """

    written: Written
    frame: Expr
    language: CalledLanguage

    @property
    def note(self) -> Note:
        """What `explain()` says."""
        called = self.language
        copied, kept = called.copied_states, called.frame.num_states + called.body.num_states
        return Note(
            "departure",
            f"the spans of the source are called at {called.num_callers} places, with {kept} states instead of {copied}: no "
            "token reaches over the quotes around them, and their probabilities are not told; as a part of a larger "
            "constraint they are copied",
        )


def called_spans(written: Written, sources: Sources, fence: Fence, limits: Limits) -> CalledSpans | None:
    """Return the texts with calls; None if copies are small, or where the next byte would not tell whether a span goes on.

    Args:
        written: the frames, in which `CALL` stands for a span.
        sources: with a word at least.
        fence: as in `Writing`.
        limits: what the automata may need.

    Raises:
        ConstraintTooLarge: a limit is exceeded.
    """
    frame = in_written_fences(written.expr, fence)
    body = to_dfa(escaped(sources.language), limits)
    called = CalledLanguage(to_dfa(frame, limits), body)
    if called.num_callers < LEAST_CALLERS or called.copied_states <= MOST_COPIED_STATES:
        return None
    return CalledSpans(written, frame, called) if called.is_deterministic else None
