"""How short the texts of an expression can be, without its automaton."""

from __future__ import annotations

from canvasgen.automata import expr as ex
from canvasgen.limits import step

__all__ = ["least_bytes"]


def least_bytes(root: ex.Expr) -> int:
    """Return a number of bytes that no text of an expression has fewer of: exact but for intersections, differences and
    substitutions that are not compiled, of which it may be less. Of the empty language any number may be returned."""
    known: dict[ex.Expr, int] = {}
    stack = [root]
    while stack:
        node = stack[-1]
        if node in known:
            stack.pop()
            continue
        missing = [part for part in _parts(node) if part not in known]
        if missing:
            stack += missing
            continue
        step()
        known[stack.pop()] = _least(node, known)
    return known[root]


def _parts(node: ex.Expr) -> tuple[ex.Expr, ...]:
    if node.memo is not None:
        return ()
    match node:
        case ex.Concat() | ex.Union() | ex.Intersect():
            return node.parts
        case ex.Repeat():
            return (node.body,) if node.low else ()
        case ex.Difference():
            return (node.left,)
        case _:
            return ()


def _least(node: ex.Expr, known: dict[ex.Expr, int]) -> int:
    if node.memo is not None:
        return node.memo.shortest_length or 0
    match node:
        case ex.Literal():
            return len(node.content)
        case ex.ByteSet():
            return 1
        case ex.CodePoints():
            first = node.ranges[0][0]
            return 1 + (first >= 0x80) + (first >= 0x800) + (first >= 0x10000)
        case ex.Concat():
            return sum(known[part] for part in node.parts)
        case ex.Union():
            return min((known[part] for part in node.parts), default=0)
        case ex.Intersect():
            return max(known[part] for part in node.parts)
        case ex.Repeat():
            return node.low * known[node.body] if node.low else 0
        case ex.Difference():
            return known[node.left]
        case _:
            return 0
