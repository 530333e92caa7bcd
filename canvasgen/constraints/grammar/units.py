"""The regular part of a grammar's recursion.

A reference stands at the *left end* of an option if nothing stands before it, at its *right end* if nothing
stands behind it. Rules that lead to one another through such references only form a *unit*; a unit whose
references are all on one side (`sum: sum "+" product | product`, `list: item | item "," list`) is a system of
linear equations with a regular solution, so it costs no depth. What is left is embedding, which must be unrolled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from canvasgen.constraints.grammar.rules import Choice, Item, Leaf, Ref, Repeat, Rules, Sequence, references

__all__ = ["Unit", "components", "ends", "units_of"]


@dataclass(frozen=True, slots=True)
class Unit:
    """Rules that are solved together.

    Attributes:
        names: the rules.
        left: True if references at the left end are solved, False if those at the right end are.
        loops: units to which a reference leads back; they stand for one embedding less.
    """

    names: tuple[str, ...]
    left: bool
    loops: frozenset[tuple[str, ...]]


def options(item: Item) -> Iterator[tuple[Item, ...]]:
    """Yield the sequences of an item, one for each way through its outer choices and options."""
    match item:
        case Choice(choices):
            for choice in choices:
                yield from options(choice)
        case Repeat(body, 0, 1):
            yield ()
            yield from options(body)
        case Sequence(items):
            yield items
        case _:
            yield (item,)


def ends(item: Item, *, left: bool) -> set[str]:
    """Return the rules that are referred to at the left or right end of an option."""
    found: set[str] = set()
    for sequence in options(item):
        if sequence:
            outer = sequence[0 if left else -1]
            match outer:
                case Ref(name):
                    found.add(name)
                case Choice() | Sequence() | Repeat(_, 0, 1):
                    found |= ends(outer, left=left)
                case Leaf() | Repeat():
                    pass
    return found


def components(names: Iterable[str], edges: dict[str, list[str]]) -> list[tuple[str, ...]]:
    """Return the strongly connected components, each after those that it leads to (Tarjan, iterative)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[tuple[str, ...]] = []
    for root in names:
        if root in index:
            continue
        work: list[tuple[str, Iterator[str]]] = []

        def enter(name: str, work: list[tuple[str, Iterator[str]]] = work) -> None:
            index[name] = low[name] = len(index)
            stack.append(name)
            on_stack.add(name)
            work.append((name, iter(edges[name])))

        enter(root)
        while work:
            name, rest = work[-1]
            child = next(rest, None)
            if child is not None:
                if child not in index:
                    enter(child)
                elif child in on_stack:
                    low[name] = min(low[name], index[child])
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[name])
            if low[name] == index[name]:
                members: list[str] = []
                while not members or members[-1] != name:
                    members.append(stack.pop())
                    on_stack.discard(members[-1])
                found.append(tuple(reversed(members)))
    return found


def units_of(rules: Rules) -> dict[str, Unit]:
    """Return the unit of every rule."""
    left = {name: ends(item, left=True) for name, item in rules.items.items()}
    right = {name: ends(item, left=False) for name, item in rules.items.items()}
    linear = {name: sorted(left[name] | right[name]) for name in rules.items}
    groups = components(rules.items, linear)
    home = {name: group for group in groups for name in group}
    loops = _loops(rules, home)
    found: dict[str, Unit] = {}
    for group in groups:
        # A reference that is all of an option stands at both ends.
        only_left = any(home[other] is group for name in group for other in left[name] - right[name])
        unit = Unit(group, only_left, frozenset(loops[group]))
        found.update(dict.fromkeys(group, unit))
    return found


def _loops(rules: Rules, home: dict[str, tuple[str, ...]]) -> dict[tuple[str, ...], set[tuple[str, ...]]]:
    """Return the edges between units that lead back to one on the way from the start."""
    edges: dict[tuple[str, ...], dict[tuple[str, ...], None]] = {group: {} for group in home.values()}
    for name, item in rules.items.items():
        edges[home[name]].update((home[other], None) for other in references(item))
    loops: dict[tuple[str, ...], set[tuple[str, ...]]] = {group: set() for group in edges}
    done: set[tuple[str, ...]] = set()
    active: dict[tuple[str, ...], None] = {}
    root = home[rules.start]
    work = [(root, iter(edges[root]))]
    active[root] = None
    while work:
        group, rest = work[-1]
        child = next(rest, None)
        if child is None:
            work.pop()
            del active[group]
            done.add(group)
        elif child in active:
            loops[group].add(child)
        elif child not in done:
            active[child] = None
            work.append((child, iter(edges[child])))
    return loops
