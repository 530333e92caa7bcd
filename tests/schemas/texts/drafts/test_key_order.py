"""Merged orders of keys, against the definition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from canvasgen.schemas.texts.drafts.key_order import MOST_ORDERS, key_orders

NAMES = "abcdef"
SEEN = st.lists(st.lists(st.sampled_from(NAMES), unique=True), max_size=4)


def agrees(part: list[str], whole: list[str]) -> bool:
    return part == [name for name in whole if name in part]


@given(st.lists(st.sampled_from(NAMES), unique=True), SEEN)
def test_every_order_that_was_seen_is_in_one_of_them(declared: list[str], seen: list[list[str]]) -> None:
    found = key_orders(declared, seen)
    assert 1 <= len(found) <= MOST_ORDERS
    for order in found:
        assert sorted(order) == sorted(declared)
    for names in seen:
        assert any(agrees([name for name in names if name in declared], order) for order in found)


def test_names_that_were_not_seen_keep_their_place() -> None:
    assert key_orders("abcde", []) == [list("abcde")]
    assert key_orders("abcde", [["d", "a"]]) == [list("deabc")]
    assert key_orders("abcde", [["c"], ["b", "c"]]) == [list("abcde")]
    assert key_orders("abc", [["b", "a"], ["a", "b"], ["c", "b"]]) == [["c", "b", "a"], list("abc")]
    assert key_orders("ab", [["x", "b", "a"]]) == [["b", "a"]]
