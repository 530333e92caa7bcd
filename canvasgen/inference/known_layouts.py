"""The layouts of automata, each made once and kept as long as its automaton lives."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from canvasgen.forks import Guard
from canvasgen.inference.called_layout import CalledLayout, build_called_layout
from canvasgen.inference.layout import AutomatonArrays, Layout, build_layout
from canvasgen.tokens import CalledAutomaton

__all__ = ["AnyLayout", "called_layout_of", "copied_layout", "layout_of"]

AnyLayout = Layout | CalledLayout

_known: WeakKeyDictionary[AutomatonArrays | CalledAutomaton, dict[tuple[int, ...], AnyLayout]] = (
    WeakKeyDictionary()
)
_lock = Guard()


def called_layout_of(automaton: AutomatonArrays | CalledAutomaton, end_ids: Sequence[int]) -> AnyLayout:
    """The layout of an automaton of either kind."""
    key = tuple(end_ids)
    with _lock:
        found = _known.get(automaton, {}).get(key)
    if found is None:
        if isinstance(automaton, CalledAutomaton):
            found = build_called_layout(automaton, end_ids)
        else:
            found = build_layout(automaton, end_ids)
        with _lock:
            found = _known.setdefault(automaton, {}).setdefault(key, found)
    return found


def layout_of(automaton: AutomatonArrays, end_ids: Sequence[int]) -> Layout:
    """The layout of a token automaton without calls."""
    found = called_layout_of(automaton, end_ids)
    assert isinstance(found, Layout)
    return found


def copied_layout(layout: AnyLayout) -> Layout:
    """The same layout with a copy of the body for each caller, which a backend without calls reads."""
    return layout if isinstance(layout, Layout) else layout_of(layout.automaton.copied, layout.end_ids)
