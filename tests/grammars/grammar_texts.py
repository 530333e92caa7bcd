"""Random texts of a grammar and near misses, and whether Lark's Earley parser judges them alike."""

from __future__ import annotations

import random

from lark import Lark, UnexpectedInput

from canvasgen.automata import DFA
from canvasgen.constraints.grammar import Grammar
from canvasgen.constraints.grammar.library import import_source


def walk(dfa: DFA, rng: random.Random, patience: int) -> str:
    """A random accepted text: random bytes for a while, then the shortest way to the end."""
    distances = dfa.distances()
    state, text = 0, bytearray()
    while not (dfa.accepting[state] and (rng.random() < 0.2 or len(text) >= patience)):
        rows = range(int(dfa.offsets[state]), int(dfa.offsets[state + 1]))
        if not rows:
            break
        if len(text) >= patience:
            row = min(rows, key=lambda at: int(distances[dfa.target[at]]))
        else:
            row = rng.choice(rows)
        text.append(rng.randint(int(dfa.low[row]), int(dfa.high[row])))
        state = int(dfa.target[row])
    return text.decode("utf-8")


def walks(dfa: DFA, rng: random.Random, count: int) -> list[str]:
    return [walk(dfa, rng, rng.choice((0, 10, 30, 60))) for _ in range(count)]


def mutated(text: str, rng: random.Random) -> str:
    """A character of the text put in, put out, doubled, or put in another's place."""
    at = rng.randrange(len(text) + 1)
    piece = rng.choice(("", *text))
    return text[:at] + piece + text[at + rng.choice((0, 1, 2)) :]


def nesting(text: str) -> int:
    """How deeply brackets are nested in a text, all kinds together or one (others may be mere characters)."""

    def deepest(opening: str, closing: str) -> int:
        depth = found = 0
        for letter in text:
            depth += (letter in opening) - (letter in closing)
            found = max(found, depth)
        return found

    return max(deepest(*kinds) for kinds in (("([{", ")]}"), ("(", ")"), ("[", "]"), ("{", "}")))


def disagreements(
    text: str, constraint: Grammar, count: int, rng: random.Random, deeper: list[str] | None = None
) -> list[tuple[str, bool, bool]]:
    """(text, what the constraint says, what Earley says) where they differ, on walks and two mutations of each.

    A mutation may nest brackets more deeply than the constraint's depth; Earley alone accepts it then. Such
    texts are put into `deeper`.
    """
    parser = Lark(text, parser="earley", lexer="dynamic", ambiguity="resolve", import_paths=[import_source])
    found: list[tuple[str, bool, bool]] = []
    for walked in walks(constraint.automaton, rng, count):
        once = mutated(walked, rng)
        for each in (walked, once, mutated(once, rng)):
            ours = constraint.matches(each)
            try:
                parser.parse(each)
            except UnexpectedInput:
                theirs = False
            else:
                theirs = True
            too_deep = theirs and nesting(each) > constraint.depth and constraint.depth > 0
            if ours == theirs:
                continue
            if not too_deep:
                found.append((each, ours, theirs))
            elif deeper is not None:
                deeper.append(each)
    return found
