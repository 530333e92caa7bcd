"""Where an ignored terminal ends: where `re.match` ends it, as for all of Lark's parsers.

`%ignore /#[^\\n]*/` takes all of the line, so what follows on the line is never a terminal. An ordinary terminal may end at
every place where its pattern matches (Lark's `dynamic_complete`); an ignored one has no reason to.
"""

from __future__ import annotations

from collections.abc import Sequence

from canvasgen.automata import (
    ANY_CHARACTER,
    ANY_TEXT,
    DFA,
    Expr,
    concat,
    difference,
    from_dfa,
    intersect,
    literal,
    to_dfa,
    with_loops,
)
from canvasgen.automata.private_bytes import CUT_BAR

__all__ = ["always_cut_right", "cut_texts"]

_BAR = bytes((CUT_BAR,))
_bar = literal(_BAR)


def cut_texts(taken: Expr) -> Expr:
    """Return the texts `u|x|v`, the bar the byte `CUT_BAR`, with x what an ignored terminal takes of x v.

    Args:
        taken: the texts that it takes if nothing stands behind them (`parse_first_match`); of a longer text it takes the
            longest prefix that is among them.
    """
    with_bar = from_dfa(with_loops(to_dfa(taken), _BAR))
    too_short = intersect(with_bar, concat(taken, _bar, ANY_CHARACTER, ANY_TEXT))
    somewhere = concat(ANY_TEXT, _bar, taken, _bar, ANY_TEXT)
    return difference(somewhere, concat(ANY_TEXT, _bar, too_short, ANY_TEXT))


def always_cut_right(ignored: Sequence[Expr], terminals: Sequence[Expr]) -> bool:
    """Return whether the ignored terminals may be cut anywhere, without another set of texts.

    So it is if nothing that goes on with an ignored text begins another terminal, and several texts of one in a row are one
    text of it (` +`), or no text of it goes on (`[ ]`). This is sufficient, not necessary.

    Args:
        ignored: what each ignored terminal takes.
        terminals: the languages of the other terminals.
    """
    begins = set[int]().union(*(_bytes_from(to_dfa(each), initial=True) for each in dict.fromkeys(terminals)))
    for at, each in enumerate(ignored):
        goes_on = _bytes_from(to_dfa(each), initial=False)
        others = [_bytes_from(to_dfa(other), initial=True) for k, other in enumerate(ignored) if k != at]
        if goes_on and (
            not goes_on.isdisjoint(begins.union(*others))
            or not to_dfa(difference(concat(each, each), each)).is_empty
        ):
            return False
    return True


def _bytes_from(dfa: DFA, *, initial: bool) -> set[int]:
    """Return the bytes that begin a text, or that go on with one."""
    states = [0] if initial else [int(state) for state in dfa.accepting.nonzero()[0]]
    if dfa.is_empty:
        return set()
    return {
        byte
        for state in states
        for row in range(int(dfa.offsets[state]), int(dfa.offsets[state + 1]))
        for byte in range(int(dfa.low[row]), int(dfa.high[row]) + 1)
    }
