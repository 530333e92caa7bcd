"""The sentences of ``letters.txt``, and forms made of them: letters, gaps, edits."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from canvasgen.training.tiny.data.forms import Form
from canvasgen.training.tiny.data.scenes import Slot, phrase_of
from canvasgen.training.tiny.data.wide.any_facts import (
    KINDS,
    Stated,
    capital,
    fact,
    facts,
    in_words,
    padded,
    said,
    state,
)
from canvasgen.training.tiny.data.wide.coined import Coiner, choice_of
from canvasgen.training.tiny.data.wide.phrases import PHRASES

__all__ = ["edit", "gap", "letter", "sentences"]

Sentence = tuple[str | Slot, ...]
Piece = str | tuple[str, str]

_GREETINGS = PHRASES["greetings"]
_CLOSINGS = PHRASES["closings"]
_PLAIN = PHRASES["plain"]
_ANY = PHRASES["letters"]


@cache
def sentences(hard: bool) -> tuple[Sentence, ...]:
    """The sentences of a split; every tenth is held out."""
    text = Path(__file__).with_name("letters.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    kept = [line for number, line in enumerate(lines) if (number % 10 == 9) == hard]
    return tuple(tuple(piece for piece in phrase_of(line) if isinstance(piece, (str, Slot))) for line in kept)


def _drawn(slot: Slot, coiner: Coiner, rng: random.Random, taken: Sequence[str]) -> Stated:
    """A value for a slot under its key or another of its kind's keys."""
    names = KINDS.get(slot.kind, slot.key).split()
    key = slot.key if rng.random() < 0.7 else rng.choice(names)
    while key in taken:
        key = rng.choice([*names, coiner.coined(), f"{slot.key}_{rng.randint(2, 9)}"])
    value = coiner.draw(slot.kind)
    return Stated(key, "enum" if "|" in slot.kind else slot.kind, value, {}, str(value))


class _Writer:
    """Pieces of a form, and the facts that fill its holes; a key stands for one value."""

    def __init__(self, rng: random.Random, coiner: Coiner) -> None:
        self.rng, self.coiner = rng, coiner
        self.pieces: list[Piece] = []
        self.facts: list[Stated] = []

    @property
    def taken(self) -> list[str]:
        """The keys in use."""
        return [one.key for one in self.facts]

    def fixed(self, text: str) -> None:
        """Fixed text."""
        if self.pieces and isinstance(self.pieces[-1], str):
            self.pieces[-1] += text
        elif text:
            self.pieces.append(text)

    def hole(self, one: Stated) -> None:
        """A hole with a fact in it."""
        self.facts.append(one)
        self.pieces.append((one.key, one.written))

    def around(self, pattern: str, one: Stated) -> None:
        """A pattern with one hole, ``{}``; ``@``: its key."""
        before, _, after = pattern.partition("{}")
        self.fixed(before.replace("@", in_words(one.key)))
        self.hole(one)
        self.fixed(after.replace("@", in_words(one.key)))

    def sentence(self, sentence: Sentence) -> None:
        """A sentence of the file; a value that another hole has is drawn anew."""
        for piece in sentence:
            if isinstance(piece, str):
                self.fixed(piece)
                continue
            one = _drawn(piece, self.coiner, self.rng, self.taken)
            while any(one.written == other.written for other in self.facts):
                one = fact(self.rng, self.coiner, self.taken, "word")
            self.hole(one)

    def any_sentence(self) -> None:
        """A sentence that goes with any fact."""
        one = fact(self.rng, self.coiner, self.taken)
        if one.kind not in ("flag", "list") and one.written not in [other.written for other in self.facts]:
            pattern = choice_of(self.rng, _ANY, self.coiner.hard)
            self.around(pattern[0].upper() + pattern[1:] if self.rng.random() < 0.5 else pattern, one)
            self.fixed(self.rng.choice([".", ".", "!", ";"]))

    def finished(self) -> tuple[Piece, ...]:
        """The pieces, without white space at the end."""
        if isinstance(self.pieces[-1], str):
            self.pieces[-1] = self.pieces[-1].rstrip()
        return tuple(piece for piece in self.pieces if piece != "")


def _greeted(writer: _Writer) -> None:
    rng = writer.rng
    key = rng.choice(
        [
            "name",
            "to",
            "guest",
            "customer",
            "recipient",
            "you",
            "client",
            "friend",
            "reader",
            "first_name",
            "user",
        ]
    )
    one = fact(rng, writer.coiner, writer.taken, "name")
    writer.around(
        choice_of(rng, _GREETINGS, writer.coiner.hard), Stated(key, "name", one.value, {}, one.written)
    )
    writer.fixed(rng.choice([",", ",", "!", ":", "."]) + rng.choice(["\n", "\n", " ", "\n\n"]))


def letter(rng: random.Random, coiner: Coiner) -> Form:
    """One to four sentences with holes, mostly with a greeting, stated by labels, words or values alone."""
    writer = _Writer(rng, coiner)
    if rng.random() < 0.6:
        _greeted(writer)
    for number in range(rng.choice([1, 1, 1, 2, 2, 3])):
        if number:
            writer.fixed(rng.choice([" ", " ", "\n"]))
        if rng.random() < 0.15:
            writer.fixed(rng.choice(_PLAIN) + " ")
        if rng.random() < 0.55:
            writer.sentence(rng.choice(sentences(coiner.hard)))
        else:
            writer.any_sentence()
    if rng.random() < 0.3:
        key = rng.choice(["from", "sender", "signed", "me", "author", "signature", "team", "by"])
        one = fact(rng, coiner, writer.taken, "name")
        if key not in writer.taken and one.written not in [other.written for other in writer.facts]:
            writer.fixed("\n")
            writer.around(
                choice_of(rng, _CLOSINGS, coiner.hard), Stated(key, "name", one.value, {}, one.written)
            )
    if not writer.facts:
        return letter(rng, coiner)
    stated = list(writer.facts)
    if rng.random() < 0.25:
        stated.append(fact(rng, coiner, writer.taken))
    if rng.random() < 0.5:
        rng.shuffle(stated)
    source = padded(state(stated, rng, coiner.hard), rng, coiner, rng.choice([0, 0, 0, 1]))
    return Form(source, writer.finished(), "letter, wide", shown=rng.random() < 0.95)


def _as_gap(pieces: Sequence[Piece], cut: int) -> tuple[Piece, ...]:
    """The pieces with one hole, without a name; the others are fixed text."""
    out: list[Piece] = []
    number = 0
    for piece in pieces:
        if isinstance(piece, str):
            text: Piece = piece
        else:
            text = ("", piece[1]) if number == cut else piece[1]
            number += 1
        if isinstance(text, str) and out and isinstance(out[-1], str):
            out[-1] += text
        else:
            out.append(text)
    return tuple(out)


def gap(rng: random.Random, coiner: Coiner) -> Form:
    """A sentence with one value cut out, which another text states."""
    writer = _Writer(rng, coiner)
    if rng.random() < 0.5:
        writer.sentence(rng.choice(sentences(coiner.hard)))
    else:
        one = facts(rng, coiner, 1)[0]
        text = said(one, rng, coiner.hard, True).rstrip(",")
        if text.count(one.written) != 1 or one.kind == "flag":
            return gap(rng, coiner)
        writer.fixed(rng.choice(["", "", "They told us: ", "As you know, ", "So ", "I heard that "]))
        writer.around(text.replace(one.written, "{}"), one)
        writer.fixed(rng.choice([".", "!", "", ", as agreed.", ", they say.", " and nothing else."]))
    cut = rng.randrange(len(writer.facts))
    kept = [one for number, one in enumerate(writer.facts) if number == cut or rng.random() < 0.5]
    kinds = [one.kind for one in kept]
    if rng.random() < 0.5:
        source = state(kept, rng, coiner.hard)
    else:
        parts = [said(one, rng, coiner.hard, kinds.count(one.kind) == 1) for one in kept]
        source = " ".join(f"{capital(part, one)}." for part, one in zip(parts, kept, strict=True))
    alone = rng.random() < 0.1
    return Form(
        padded(source, rng, coiner, rng.choice([0, 0, 1])),
        _as_gap(writer.finished(), cut),
        "gap, wide",
        alone or rng.random() < 0.9,
        alone,
    )


_CHANGES = PHRASES["changes"]


def edit(rng: random.Random, coiner: Coiner) -> Form:
    """A sentence of which one value changes."""
    writer = _Writer(rng, coiner)
    if rng.random() < 0.4:
        _greeted(writer)
    if rng.random() < 0.65:
        writer.sentence(rng.choice(sentences(coiner.hard)))
    else:
        writer.any_sentence()
    if not writer.facts:
        return edit(rng, coiner)
    cut = rng.randrange(len(writer.facts))
    one = writer.facts[cut]
    old = one.written
    for _ in range(20):
        old = rng.choice(["open", "closed", "new"]) if one.kind == "enum" else str(coiner.draw(one.kind))
        if old != one.written:
            break
    else:
        return edit(rng, coiner)
    change = choice_of(rng, _CHANGES, coiner.hard)
    key = in_words(one.key)
    source = change.replace("{key}", key).replace("{old}", old).replace("{new}", one.written) + rng.choice(
        [".", "", "!"]
    )
    return Form(source, _as_gap(writer.finished(), cut), "edit, wide", shown=rng.random() < 0.95, old=(old,))
