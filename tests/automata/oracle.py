"""A brute-force oracle: the language of an expression tree, up to a length, by plain enumeration."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

from hypothesis import strategies as st

from canvasgen import automata
from canvasgen.automata import Expr

ALPHABET = b"ab\xc3\xa9"
MAX_LENGTH = 5


def all_strings(max_length: int = MAX_LENGTH) -> list[bytes]:
    return [bytes(s) for n in range(max_length + 1) for s in product(ALPHABET, repeat=n)]


UNIVERSE = all_strings()


def is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


TEXTS = frozenset(data for data in UNIVERSE if is_text(data))


@dataclass(frozen=True)
class Tree:
    """An operation and its arguments (trees or plain values)."""

    kind: str
    arguments: tuple[Any, ...]

    def expr(self) -> Expr:
        arguments = [a.expr() if isinstance(a, Tree) else a for a in self.arguments]
        if self.kind in ("byte_set", "code_points", "substitute"):
            return getattr(automata, self.kind)(*arguments)
        return getattr(automata, self.kind)(*arguments)

    def language(self) -> frozenset[bytes]:
        """The strings of at most MAX_LENGTH bytes over ALPHABET."""
        return getattr(self, f"_{self.kind}")(*self.arguments)

    def _literal(self, content: bytes) -> frozenset[bytes]:
        return frozenset([content] if len(content) <= MAX_LENGTH else [])

    def _byte_set(self, ranges: list[tuple[int, int]]) -> frozenset[bytes]:
        return frozenset(bytes([b]) for b in ALPHABET if any(low <= b <= high for low, high in ranges))

    def _code_points(self, ranges: list[tuple[int, int]]) -> frozenset[bytes]:
        return frozenset(
            data
            for data in TEXTS
            if len(text := data.decode()) == 1 and any(a <= ord(text) <= b for a, b in ranges)
        )

    def _concat(self, *parts: Tree) -> frozenset[bytes]:
        result = frozenset([b""])
        for part in parts:
            result = join(result, part.language())
        return result

    def _union(self, *parts: Tree) -> frozenset[bytes]:
        return frozenset().union(*(part.language() for part in parts))

    def _intersect(self, *parts: Tree) -> frozenset[bytes]:
        return frozenset(UNIVERSE).intersection(*(part.language() for part in parts))

    def _complement(self, part: Tree) -> frozenset[bytes]:
        return TEXTS - part.language()

    def _difference(self, left: Tree, right: Tree) -> frozenset[bytes]:
        return left.language() - right.language()

    def _repeat(self, part: Tree, low: int, high: int | None) -> frozenset[bytes]:
        body = part.language()
        power, result = frozenset([b""]), frozenset[bytes]()
        # Without the empty string, more than MAX_LENGTH copies are too long; with it, more copies only add
        # strings.
        for count in range((MAX_LENGTH + low if high is None else high) + 1):
            if count >= low:
                result |= power
            power = join(power, body)
        return result

    def _substitute(self, part: Tree, table: dict[int, bytes]) -> frozenset[bytes]:
        images = (b"".join(table.get(b, bytes([b])) for b in data) for data in part.language())
        return frozenset(data for data in images if len(data) <= MAX_LENGTH)


def join(left: frozenset[bytes], right: frozenset[bytes]) -> frozenset[bytes]:
    return frozenset(a + b for a in left for b in right if len(a) + len(b) <= MAX_LENGTH)


def _ranges(low: int, high: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    point = st.integers(low, high)
    return st.lists(st.tuples(point, point).map(lambda pair: (min(pair), max(pair))), max_size=3)


LEAVES = st.one_of(
    st.binary(max_size=0)
    .flatmap(lambda _: st.text(alphabet="abé", max_size=3))
    .map(lambda s: Tree("literal", (s.encode(),))),
    st.sampled_from([b"a", b"\xc3", b"\xa9", b"\xa9a", b""]).map(lambda s: Tree("literal", (s,))),
    st.sampled_from([[(97, 97)], [(97, 98)], [(0, 255)], [(98, 200)], [(0xC3, 0xC3)], []]).map(
        lambda r: Tree("byte_set", (r,))
    ),
    st.sampled_from([[(97, 98)], [(0, 0x10FFFF)], [(98, 0xE9)], [(0xE9, 0xE9)], [(0xE0, 0xFFFF)], []]).map(
        lambda r: Tree("code_points", (r,))
    ),
)


def _branches(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        several.map(lambda parts: Tree("concat", tuple(parts))),
        several.map(lambda parts: Tree("union", tuple(parts))),
        st.tuples(inner, inner).map(lambda parts: Tree("intersect", parts)),
        st.tuples(inner, inner).map(lambda parts: Tree("difference", parts)),
        inner.map(lambda part: Tree("complement", (part,))),
        st.tuples(
            inner,
            st.sampled_from(
                [
                    (0, None),
                    (1, None),
                    (0, 1),
                    (2, 2),
                    (1, 3),
                    (0, 4),
                    (2, 5),
                    (4, 4),
                    (4, None),
                    (0, 0),
                    (5, 6),
                ]
            ),
        ).map(lambda pair: Tree("repeat", (pair[0], *pair[1]))),
        # A homomorphism that never shortens, so that the oracle's bounded language is exact.
        st.tuples(
            inner,
            st.sampled_from(
                [{97: b"b"}, {97: b"ab", 98: b"a"}, {0xC3: b"a", 0xA9: b"bb"}, {98: b"\xc3\xa9"}]
            ),
        ).map(lambda pair: Tree("substitute", pair)),
    )


TREES = st.recursive(LEAVES, _branches, max_leaves=6)
