"""The substrings of a text, cut at given places, as a pattern of length n · (log n)²."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

__all__ = ["substring_pattern", "words_of"]


def words_of(text: str) -> list[str]:
    """Return a text split into words, whitespace and other characters, as llguidance does."""
    return re.findall(r"\s+|\w+|[^\s\w]+", text)


def substring_pattern(chunks: Sequence[str]) -> str:
    """Return a pattern (of `re`, without `/`) of the concatenations of neighbouring chunks, with the empty one."""
    texts = [_escaped(each) for each in chunks if each]

    @cache
    def pieces(low: int, high: int) -> tuple[str, str, str, str]:
        """Return patterns of chunks [low, high) as a whole, of their prefixes, their suffixes and their substrings."""
        if high - low == 1:
            some = f"(?:{texts[low]})?"
            return texts[low], some, some, some
        middle = (low + high) // 2
        whole_left, prefix_left, suffix_left, within_left = pieces(low, middle)
        whole_right, prefix_right, suffix_right, within_right = pieces(middle, high)
        return (
            whole_left + whole_right,
            f"(?:{prefix_left}|{whole_left}{prefix_right})",
            f"(?:{suffix_right}|{suffix_left}{whole_right})",
            f"(?:{within_left}|{within_right}|{suffix_left}{prefix_right})",
        )

    return pieces(0, len(texts))[3] if texts else "(?:)"


def _escaped(text: str) -> str:
    # Quotes by number: of a backslash before a quote, Lark's reader of patterns takes one away.
    escaped = re.escape(text).replace("/", r"\/").replace('"', r"\x22").replace("'", r"\x27")
    return escaped.replace("\\\n", r"\n").replace("\\\r", r"\r")
