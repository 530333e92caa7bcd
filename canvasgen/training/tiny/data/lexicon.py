"""Value generators of the synthetic data; a tenth of every word list is held out for ``test_hard``."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from canvasgen.training.tiny.data import value_formats


def _read() -> dict[str, list[str]]:
    """The lists of both files, those of one name as one; a dash stands for the empty word."""
    lists: dict[str, list[str]] = {}
    for file in ("words.txt", "words_world.txt"):
        text = Path(__file__).with_name(file).read_text(encoding="utf-8")
        for part in text.split("\n[")[1:]:
            name, _, body = part.partition("]\n")
            words = [word.strip() for word in body.replace("\n", " ").split(",")]
            lists.setdefault(name, []).extend("" if word == "-" else word for word in words)
    return {name: list(dict.fromkeys(words)) for name, words in lists.items()}


WORDS = _read()
"""Word lists by name, as in ``words.txt`` and ``words_world.txt``."""


def held_out(word: str) -> bool:
    """Whether a word belongs to the tenth that only ``test_hard`` uses."""
    return zlib.crc32(word.encode()) % 10 == 0


def pronounceable(rng: random.Random, low: int = 2, high: int = 3) -> str:
    """A random lower-case word of ``low`` to ``high`` syllables."""
    word = "".join(
        rng.choice(WORDS["CONSONANTS"]) + rng.choice(WORDS["VOWELS"]) for _ in range(rng.randint(low, high))
    )
    return word + rng.choice(WORDS["ENDS"])


class Lexicon:
    """Draws values of every kind; ``hard`` draws from the held-out words only, else never from them."""

    def __init__(self, rng: random.Random, hard: bool = False) -> None:
        self.rng = rng
        self.hard = hard

    def pick(self, words: Sequence[str]) -> str:
        """One word of the list, from this split's part of it."""
        pool = [w for w in words if held_out(w) == self.hard]
        return self.rng.choice(pool or words)

    def maybe_random(self, words: Sequence[str], share: float = 0.25, title: bool = True) -> str:
        """A listed word, or with probability ``share`` a random pronounceable one."""
        if self.rng.random() < (0.5 if self.hard else share):
            word = pronounceable(self.rng)
            return word.capitalize() if title else word
        return self.pick(words)

    def name(self) -> str:
        """A person, mostly first and last name."""
        first, last = self.maybe_random(WORDS["FIRST"], 0.15), self.maybe_random(WORDS["LAST"], 0.3)
        roll = self.rng.random()
        if roll < 0.12:
            return first
        return f"{first}-{self.pick(WORDS['FIRST'])} {last}" if roll < 0.13 else f"{first} {last}"

    def city(self) -> str:
        """A city."""
        return self.maybe_random(WORDS["CITIES"])

    def country(self) -> str:
        """A country."""
        return self.maybe_random(WORDS["COUNTRIES"], 0.1)

    def company(self) -> str:
        """A company."""
        name, end = self.maybe_random(WORDS["COMPANY"], 0.4), self.rng.choice(WORDS["COMPANY_END"])
        return f"{name} {end}" if end else name

    def job(self) -> str:
        """An occupation."""
        return self.maybe_random(WORDS["JOBS"], 0.1, title=False)

    def product(self) -> str:
        """A thing, perhaps with an adjective."""
        noun = self.maybe_random(WORDS["NOUN"] + WORDS["THINGS"], 0.15, title=False)
        return noun if self.rng.random() < 0.4 else f"{self.pick(WORDS['ADJ'])} {noun}"

    def color(self) -> str:
        """A colour."""
        return self.maybe_random(WORDS["COLORS"], 0.1, title=False)

    def street(self) -> str:
        """A street with its number."""
        number, street = self.rng.randint(1, 199), self.maybe_random(WORDS["STREET"])
        return f"{number} {street} {self.rng.choice(WORDS['STREET_END'])}"

    def email(self) -> str:
        """An e-mail address."""
        local = self.maybe_random(WORDS["FIRST"], 0.3).lower()
        if self.rng.random() < 0.4:
            local += self.rng.choice([".", "_", ""]) + self.maybe_random(WORDS["LAST"], 0.3).lower()
        elif self.rng.random() < 0.3:
            local += str(self.rng.randint(1, 99))
        domain = (
            self.pick(WORDS["DOMAINS"])
            if self.rng.random() < 0.7
            else f"{pronounceable(self.rng, 1, 2)}.{self.rng.choice(['com', 'org', 'net'])}"
        )
        return f"{local}@{domain}"

    def word(self) -> str:
        """Any lower-case word."""
        return (
            pronounceable(self.rng, 1, 3)
            if self.rng.random() < 0.6
            else self.pick(WORDS["NOUN"] + WORDS["ADJ"] + WORDS["HOBBIES"] + WORDS["TOPICS"])
        )

    def phrase(self) -> str:
        """One or two words, perhaps capitalised."""
        word = self.word() if self.rng.random() < 0.7 else f"{self.word()} {self.word()}"
        return word.capitalize() if self.rng.random() < 0.4 else word

    def event(self) -> str:
        """The title of an event."""
        topic = self.maybe_random(WORDS["TOPICS"], 0.3, title=False)
        return f"{topic.capitalize()} {self.rng.choice(WORDS['EVENT_END'])}"

    def problem(self) -> str:
        """The title of a ticket."""
        thing = self.maybe_random(WORDS["PROBLEMS"], 0.1, title=False)
        return f"{thing} {self.rng.choice(WORDS['PROBLEM_END'])}".capitalize()

    def language(self) -> str:
        """A language."""
        return self.pick(WORDS["LANGUAGES"])

    def hobby(self) -> str:
        """A pastime."""
        return self.maybe_random(WORDS["HOBBIES"], 0.1, title=False)

    def topic(self) -> str:
        """A field of work."""
        return self.maybe_random(WORDS["TOPICS"], 0.15, title=False)

    def age(self) -> int:
        """1 to 99."""
        return self.rng.randint(1, 99)

    def year(self) -> int:
        """1850 to 2029."""
        return self.rng.randint(1850, 2029)

    def small(self) -> int:
        """A small count."""
        return self.rng.randint(1, 20) if self.rng.random() < 0.7 else self.rng.randint(1, 500)

    def number(self) -> int:
        """An integer of one to six digits."""
        return self.rng.randint(0, 10 ** self.rng.randint(1, 5))

    def weight(self) -> float:
        """A number with one decimal, never whole."""
        return self.rng.randint(1, 99) + self.rng.randint(1, 9) / 10

    def currency(self) -> str:
        """The code of a currency, mostly a common one."""
        common = self.rng.random() < 0.7
        return (
            self.rng.choice(["EUR", "USD", "GBP", "CHF", "JPY"]) if common else self.pick(WORDS["CURRENCIES"])
        )

    def place(self) -> str:
        """A place inside a town."""
        return (
            f"{self.phrase().lower()} {self.rng.choice(['hall', 'room', 'office', 'square', 'park', 'shop'])}"
        )

    def url(self) -> str:
        """A web address."""
        return value_formats.url(self.rng, self.word)

    def filler(self) -> str:
        """A sentence that says nothing, of listed words."""
        words = [self.pick(WORDS["FILLER"]) for _ in range(self.rng.randint(3, 8))]
        return " ".join(words).capitalize() + "."

    def draw(self, kind: str) -> Any:
        """A value of the named kind: one of the methods above, a format, or one of several labels ``a|b``."""
        if "|" in kind:
            return self.rng.choice(kind.split("|"))
        if kind in value_formats.FORMATS:
            return value_formats.FORMATS[kind](self.rng)
        method: Callable[[], object] = getattr(self, kind)
        return method()
