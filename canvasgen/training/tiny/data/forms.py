"""Synthetic forms: letters with holes, and texts with a gap, to be filled from a text that states the facts.

A form is fixed text with named holes, `Dear {name},`; a gap is the one hole `{}` of a text. The prompt states the facts and
mostly shows the form; the canvas holds the whole filled text, or (for some gaps) the gap's text alone.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from canvasgen.training.tiny.data import phrasing
from canvasgen.training.tiny.data.domains import DOMAINS
from canvasgen.training.tiny.data.lexicon import Lexicon
from canvasgen.training.tiny.data.phrasing import Fact
from canvasgen.training.tiny.data.record_fields import Domain, Field

__all__ = ["CLOSINGS", "GAP_ALONE", "GREETINGS", "Form", "gap", "letter"]

GAP_ALONE = "Only the gap."
"""The instruction of prompts whose answer is the gap's text alone."""

GREETINGS = ("Dear {},", "Hello {},", "Hi {},", "Good morning {},", "To {}:", "Good day {},")
CLOSINGS = ("Yours,\n{}", "Best regards,\n{}", "Thank you, {}", "Regards, {}", "With kind regards,\n{}")
_OPENINGS = (
    "thank you for the note.",
    "here is the news.",
    "this is to confirm the data.",
    "we have it on record.",
    "a short note.",
)
_SENDER = Field(("sender", "from", "author", "signed_by"), "name")
_RECEIVER = Field(("to", "receiver", "recipient", "addressee"), "name")


@dataclass(frozen=True)
class Form:
    """A filled form: the text that states the facts, and the pieces, fixed texts and (hole, filling).

    Attributes:
        source: states the facts.
        pieces: in order; a gap's hole has the empty name.
        shown: whether the prompt shows the form.
        alone: whether the answer is the fillings alone.
        gap: what the form shows in the place of a hole; None: the hole's name in braces.
        old: of a text to edit, what stood in its holes before.
    """

    source: str
    pieces: tuple[str | tuple[str, str], ...]
    task: str
    shown: bool = True
    alone: bool = False
    gap: str | None = None
    old: tuple[str, ...] = ()

    @property
    def form(self) -> str:
        """The fixed text with its holes in braces, or with gaps."""
        return "".join(
            p if isinstance(p, str) else "{" + p[0] + "}" if self.gap is None else self.gap
            for p in self.pieces
        )

    def filled(self) -> tuple[str, tuple[tuple[int, int, int], ...]]:
        """The answer, and the spans of its fillings."""
        text, spans = "", []
        for piece in self.pieces:
            if isinstance(piece, str):
                text += "" if self.alone else piece
            else:
                spans.append((len(text), len(text) + len(piece[1]), len(spans)))
                text += piece[1]
        return text, tuple(spans)


def letter(rng: random.Random, lexicon: Lexicon) -> Form:
    """A letter or notice about a record: greeting, one to three sentences with a hole each, closing."""
    domain, subject, facts = _record(rng, lexicon, rng.randint(1, 3))
    hard = lexicon.hard
    pieces: list[str | tuple[str, str]] = []
    stated: list[Fact] = []

    def say(pattern: str, fact: Fact) -> None:
        before, _, after = pattern.partition("{}")
        pieces.extend(part for part in (before, (fact.key, phrasing.spoken(fact.value, rng)), after) if part)
        if fact not in stated:
            stated.append(fact)

    greeted = rng.random() < 0.75
    if greeted:
        receiver = _fact(_RECEIVER, rng, lexicon, {fact.key for fact in (subject, *facts)})
        say(phrasing.choose(GREETINGS, rng, hard) + rng.choice(["\n", "\n", " "]), receiver)
        if rng.random() < 0.4:
            pieces.append(phrasing.choose(_OPENINGS, rng, hard) + " ")
    say("{} ", subject)
    for number, fact in enumerate(facts):
        lead = "" if number == 0 else f"{rng.choice(domain.pronouns)} "
        say(lead + phrasing.choose(fact.field.clauses, rng, hard) + rng.choice([". ", ". ", ".\n"]), fact)
    if rng.random() < 0.6:
        used = {fact.key for fact in (*stated, subject, *facts)}
        say(phrasing.choose(CLOSINGS, rng, hard), _fact(_SENDER, rng, lexicon, used))
    joined = _joined(pieces)
    return Form(_stating(rng, domain, subject, stated, hard), joined, "letter", shown=rng.random() < 0.85)


def gap(rng: random.Random, lexicon: Lexicon) -> Form:
    """A text about a record with one value cut out; in half of them only what follows says which value."""
    domain, subject, facts = _record(rng, lexicon, rng.randint(1, 4))
    hard = lexicon.hard
    everything = [subject, *facts]
    rng.shuffle(everything)
    kind = rng.choice(["labels", "labels", "prose", "prose", "prose", "rows"])
    written: list[tuple[str, Fact, str]] = []
    if kind == "labels":
        pattern = phrasing.choose(
            ("{} is the @. ", "{} (@), ", "{}: @\n", "the @ is {}. ", "{} as @, ", "with {} for @; "),
            rng,
            hard,
        )
        for fact in everything:
            before, _, after = pattern.replace("@", fact.key.replace("_", " ")).partition("{}")
            written.append((before, fact, after))
    elif kind == "rows":
        mark = rng.choice([" | ", ", ", ";", "\t"])
        head = mark.join(fact.key for fact in everything) + "\n"
        for number, fact in enumerate(everything):
            written.append((head if number == 0 else mark, fact, ""))
    else:
        written.append(("", subject, " "))
        for number, fact in enumerate(facts):
            lead = "" if number == 0 else f"{rng.choice(domain.pronouns)} "
            before, _, after = (lead + phrasing.choose(fact.field.clauses, rng, hard)).partition("{}")
            written.append((before, fact, after + ". "))
    cut = rng.randrange(len(written))
    pieces: list[str | tuple[str, str]] = []
    for number, (before, fact, after) in enumerate(written):
        value = phrasing.spoken(fact.value, rng)
        pieces += [before, ("", value) if number == cut else value, after]
    joined = _joined(pieces)
    source = _stating(rng, domain, subject, everything, hard)
    alone = rng.random() < 0.25
    return Form(source, joined, f"gap, {kind}", shown=alone or rng.random() < 0.5, alone=alone)


def _joined(pieces: Sequence[str | tuple[str, str]]) -> tuple[str | tuple[str, str], ...]:
    """Neighbouring fixed texts as one, without white space at the end."""
    out: list[str | tuple[str, str]] = []
    for piece in pieces:
        if isinstance(piece, str) and out and isinstance(out[-1], str):
            out[-1] += piece
        elif piece != "":
            out.append(piece)
    if isinstance(out[-1], str):
        out[-1] = out[-1].rstrip()
    return tuple(piece for piece in out if piece != "")


def _fact(field: Field, rng: random.Random, lexicon: Lexicon, used: Collection[str] = ()) -> Fact:
    """A fact whose key is not used yet."""
    value = rng.choice(field.choices) if field.kind == "enum" else lexicon.draw(field.kind)
    return Fact(field, rng.choice([key for key in field.keys if key not in used]), value)


def _record(rng: random.Random, lexicon: Lexicon, count: int) -> tuple[Domain, Fact, list[Fact]]:
    """A subject and facts of different values, none of them a list or a yes or no."""
    domain = rng.choice(DOMAINS)
    plain = [f for f in domain.fields if f.kind != "bool" and not f.kind.startswith("[") and f.clauses]
    facts: list[Fact] = []
    subject = _fact(domain.subject, rng, lexicon)
    seen = {str(subject.value), subject.key}
    for field in rng.sample(plain, min(count, len(plain))):
        fact = _fact(field, rng, lexicon)
        if str(fact.value) not in seen and fact.key not in seen:
            seen |= {str(fact.value), fact.key}
            facts.append(fact)
    return domain, subject, facts


def _stating(rng: random.Random, domain: Domain, subject: Fact, facts: Sequence[Fact], hard: bool) -> str:
    """A text that states the facts: labelled pairs, or prose about the subject with pairs for the rest."""
    about = [fact for fact in facts if fact.field in domain.fields]
    if rng.random() < 0.25 and about:
        others = [fact for fact in facts if fact is not subject and fact not in about]
        said = phrasing.prose(domain, subject, about, rng, hard)
        return said + (" " + phrasing.pairs(others, rng) if others else "")
    stated = list(facts)
    rng.shuffle(stated)
    return phrasing.pairs(stated, rng)
