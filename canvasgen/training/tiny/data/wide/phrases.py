"""The phrasings of ``phrases.txt``."""

from __future__ import annotations

from pathlib import Path

__all__ = ["PHRASES", "words_of"]


def _read() -> dict[str, tuple[str, ...]]:
    text = Path(__file__).with_name("phrases.txt").read_text(encoding="utf-8")
    lists: dict[str, tuple[str, ...]] = {}
    for part in text.split("\n[")[1:]:
        name, _, body = part.partition("]\n")
        lists[name] = tuple(line.replace("\\n", "\n") for line in body.splitlines() if line)
    return lists


PHRASES = _read()
"""Lists of phrasings by name."""


def words_of(group: str) -> dict[str, list[str]]:
    """The words of the lists ``[group name]``, by name."""
    lists = {name: texts[0] for name, texts in PHRASES.items() if name.startswith(f"{group} ")}
    return {name.partition(" ")[2]: text.split() for name, text in lists.items()}
