"""How many tokens the longest text of an automaton takes."""

from __future__ import annotations

import numpy as np

from canvasgen.automata import DFA
from canvasgen.vocabulary import Vocabulary

__all__ = ["most_tokens"]

_MOST_RUNS = 256
"""Runs of fixed text that are spelled at most; the others count a token for each character."""


def most_tokens(automaton: DFA, vocabulary: Vocabulary, enough: int = 0) -> int | None:
    r"""Return a number of tokens within which every text can be written; None if there is no longest text.

    Fixed text between two places with a choice takes its fewest tokens, every other character one. That is an upper bound
    for a vocabulary with a token for each character; rare characters may take one for each byte, and are not counted so, or
    every `\d` would count as four.

    Args:
        automaton: of the texts, trim.
        vocabulary: that they are written in.
        enough: fixed text is not spelled where its characters are no more than this.
    """
    sources = np.repeat(np.arange(automaton.num_states), np.diff(automaton.offsets))
    if bool((automaton.target == sources).any()):  # most endless languages are found out here
        return None
    order = automaton.topological
    if order is None:
        return None
    fixed = _fixed_states(automaton)
    in_characters = _longest(automaton, order, {})
    if in_characters <= enough or not fixed.any():
        return in_characters
    return _longest(automaton, order, _spelled_runs(automaton, fixed, vocabulary))


def _fixed_states(automaton: DFA) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return bool `[S]`: the states where no text ends and exactly one byte is possible."""
    single = np.diff(automaton.offsets) == 1
    rows = automaton.offsets[:-1][single]
    fixed = single.copy()
    fixed[single] = automaton.low[rows] == automaton.high[rows]
    return fixed & ~automaton.accepting


def _spelled_runs(
    automaton: DFA, fixed: np.ndarray[tuple[int], np.dtype[np.bool_]], vocabulary: Vocabulary
) -> dict[int, tuple[int, int]]:
    """Return by state where a run of fixed text begins the state behind it and its fewest tokens."""
    sources = np.repeat(np.arange(automaton.num_states), np.diff(automaton.offsets))
    entered: set[int] = {0, *automaton.target[~fixed[sources]].tolist()}
    runs: dict[int, tuple[int, int]] = {}
    for start in sorted(entered):
        if not fixed[start] or len(runs) == _MOST_RUNS:
            continue
        state, content = start, bytearray()
        while fixed[state]:
            row = int(automaton.offsets[state])
            content.append(int(automaton.low[row]))
            state = int(automaton.target[row])
        if all(0x80 <= byte < 0xC0 for byte in content):  # the rest of a character
            runs[start] = state, 0
            continue
        spelled = vocabulary.spell(bytes(content))
        if spelled is not None:
            runs[start] = state, len(spelled)
    return runs


def _longest(automaton: DFA, order: list[int], runs: dict[int, tuple[int, int]]) -> int:
    """Return the longest way from the start to an end, where a run counts its tokens and every other character one."""
    offsets: list[int] = automaton.offsets.tolist()
    target: list[int] = automaton.target.tolist()
    counts: list[int] = (~((automaton.low >= 0x80) & (automaton.high < 0xC0))).astype(int).tolist()
    most = [0] * automaton.num_states
    for state in reversed(order):
        if state in runs:
            behind, count = runs[state]
            most[state] = count + most[behind]
        elif offsets[state] < offsets[state + 1]:
            most[state] = max(
                counts[row] + most[target[row]] for row in range(offsets[state], offsets[state + 1])
            )
    return most[0]
