"""Orders of keys that agree with those of a draft and, where the draft says nothing, with the schema's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["MOST_ORDERS", "key_orders"]

MOST_ORDERS = 4
"""Most orders of one object; those of further objects are not followed."""


def key_orders(declared: Sequence[str], seen: Iterable[Sequence[str]]) -> list[list[str]]:
    """Return orders of the declared names so that each order that was seen, up to `MOST_ORDERS`, is in one of them.

    Orders that do not contradict each other become one. A name that was not seen stands behind the last of its
    predecessors in the declared order that was, as directly as the others allow.

    Args:
        declared: all names, in the schema's order.
        seen: orders of some of these names each, without repetition.
    """
    known = set(declared)
    merged: list[list[str]] = []
    for names in seen:
        order = [name for name in names if name in known]
        for at, earlier in enumerate(merged):
            both = _together(earlier, order)
            if both is not None:
                merged[at] = both
                break
        else:
            if len(merged) < MOST_ORDERS:
                merged.append(order)
    return list(map(list, dict.fromkeys(tuple(_completed(order, declared)) for order in merged or [[]])))


def _together(first: Sequence[str], second: Sequence[str]) -> list[str] | None:
    """Return an order of the names of both in which neither is broken; None if they contradict each other."""
    place = {name: at for at, name in enumerate(first)}
    shared = [place[name] for name in second if name in place]
    if shared != sorted(shared):
        return None
    merged, done = list[str](), 0
    for name in second:
        if name in place:
            merged += first[done : place[name]]
            done = place[name] + 1
        merged.append(name)
    return merged + list(first[done:])


def _completed(order: Sequence[str], declared: Sequence[str]) -> list[str]:
    seen = set(order)
    behind: dict[str | None, list[str]] = {}
    last: str | None = None
    for name in declared:
        if name in seen:
            last = name
        else:
            behind.setdefault(last, []).append(name)
    found = behind.get(None, [])
    for name in order:
        found = [*found, name, *behind.get(name, [])]
    return found
