"""What a text, or the beginning of one, has in the holes of a template that occur several times."""

from __future__ import annotations

from dataclasses import dataclass

from canvasgen.automata import DEAD, DFA
from canvasgen.automata.private_bytes import HOLE_BORDER

__all__ = ["Content", "HoleReader"]

_MOST_PLACES = 200_000
"""Places that are looked at for a reading that agrees."""


@dataclass(frozen=True)
class Content:
    """What one occurrence of a hole holds.

    Attributes:
        name: of the hole.
        text: its bytes.
        is_whole: whether the occurrence ends in the text that was read.
    """

    name: str
    text: bytes
    is_whole: bool


_Place = tuple[int, int, tuple[int, ...]]
"""A state of the marked automaton, a place in the text, and the places of the borders before."""


class HoleReader:
    """Reads texts by a marked automaton, one that reads a border at both ends of each occurrence.

    Args:
        marked: the automaton.
        order: the hole of each occurrence.
    """

    def __init__(self, marked: DFA, order: tuple[str, ...]) -> None:
        self._marked = marked
        self._order = order

    def read(self, text: bytes, *, whole: bool, agreeing: bool) -> list[Content] | None:
        """A reading of a text; of several, one with early borders.

        Args:
            text: the text.
            whole: whether it is complete; otherwise it may go on.
            agreeing: whether the occurrences of a hole must hold the same, as far as they are read.

        Returns:
            The contents of the occurrences that have begun; None if there is no such reading, or none that agrees was found
            among `_MOST_PLACES` places.
        """
        marked = self._marked
        stack: list[_Place] = [(0, 0, ())]
        seen: set[object] = set()
        while stack and not (agreeing and len(seen) >= _MOST_PLACES):
            state, at, borders = place = stack.pop()
            contents = self._contents(text, at, borders)
            if agreeing and not _agree(contents):
                continue
            key = (state, at, len(borders), _known(contents)) if agreeing else (state, at, len(borders))
            if key in seen:
                continue
            seen.add(key)
            if at == len(text) and (not whole or marked.accepting[state]):
                return contents
            if at < len(text) and (further := marked.step(state, text[at])) != DEAD:
                stack.append((further, at + 1, borders))
            if (further := marked.step(state, HOLE_BORDER)) != DEAD:
                stack.append((further, at, (*place[2], at)))
        return None

    def _contents(self, text: bytes, at: int, borders: tuple[int, ...]) -> list[Content]:
        found: list[Content] = []
        for number in range(-(-len(borders) // 2)):
            ends = borders[2 * number : 2 * number + 2]
            stop = ends[1] if len(ends) == 2 else at
            found.append(Content(self._order[number], text[ends[0] : stop], len(ends) == 2))
        return found


def _known(contents: list[Content]) -> tuple[object, ...]:
    """What the rest of a reading depends on: the holes' whole texts, and where an open one began."""
    whole = {content.name: content.text for content in contents if content.is_whole}
    begun = len(contents[-1].text) if contents and not contents[-1].is_whole else -1
    return (*sorted(whole.items()), begun)


def _agree(contents: list[Content]) -> bool:
    """Whether the last occurrence is what the earlier ones of its hole are, as far as it is read."""
    if not contents:
        return True
    last = contents[-1]
    for earlier in contents[:-1]:
        if earlier.name == last.name:
            return earlier.text == last.text if last.is_whole else earlier.text.startswith(last.text)
    return True
