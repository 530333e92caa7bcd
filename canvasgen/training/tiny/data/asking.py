"""How people ask: instructions around a text, questions for one value, other names of keys, sentences that do not matter."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from canvasgen.training.tiny.data.lexicon import Lexicon
from canvasgen.training.tiny.data.phrasing import choose

__all__ = ["ask", "instructed", "labelled", "other_name", "spaced", "with_noise"]

SYNONYMS: dict[str, tuple[str, ...]] = {
    "name": ("full_name", "who", "person"),
    "date": ("day", "when", "on_date"),
    "time": ("at", "clock", "hour"),
    "city": ("town", "place", "location"),
    "phone": ("telephone", "phone_number", "tel", "mobile"),
    "email": ("mail", "e_mail", "email_address"),
    "price": ("cost", "amount", "unit_price"),
    "total": ("sum", "total_amount", "amount_due"),
    "quantity": ("count", "amount", "pieces", "qty"),
    "number": ("no", "invoice_number", "id"),
    "code": ("reference", "ref", "id"),
    "id": ("number", "identifier", "key"),
    "product": ("item", "article", "title"),
    "customer": ("client", "buyer", "bill_to"),
    "company": ("firm", "employer", "organisation"),
    "iban": ("account", "bank_account", "account_number"),
    "receiver": ("recipient", "to", "payee"),
    "sender": ("from", "payer"),
    "currency": ("unit", "currency_code"),
    "street": ("address", "street_address"),
    "postcode": ("zip", "zip_code", "postal_code"),
    "job": ("profession", "occupation", "role"),
    "url": ("link", "web", "site"),
    "website": ("homepage", "url", "site"),
    "items": ("lines", "positions", "articles", "products"),
    "due": ("due_date", "deadline", "pay_by"),
    "age": ("years", "age_years"),
    "topic": ("subject", "about"),
    "departure": ("departure_time", "leaves", "start"),
    "arrival": ("arrival_time", "arrives"),
    "origin": ("from_city", "start", "departure_city"),
    "destination": ("to_city", "target", "goal"),
}

_ABOUT = (
    "What is the {}?",
    "{}?",
    "{}:",
    "Find the {}.",
    "Copy the {}.",
    "Give me the {}.",
    "Which {}?",
    "Extract the {} from the text.",
    "Return only the {}.",
    "Name the {}.",
    "The {} is",
    "Tell me the {}",
    "I need the {} of this.",
)
_BEFORE = (
    "Extract the data: {}",
    "Extract {keys} from this text: {}",
    "Read the text and fill in the form.\n{}",
    "Text: {}",
    "Input: {}",
    "Here is a note. {}",
    "Turn this into JSON: {}",
    "Get {keys}.\n{}",
    "Please extract {keys}:\n\n{}",
    "Take the values from what follows.\n\n{}",
)
_AFTER = (
    "{}\nExtract {keys}.",
    "{}\n\nGive me {keys}.",
    "{}\nWhat are {keys}?",
    "{}\nFill in the fields.",
    "{}\nAnswer in JSON.",
    "{}\n\nReturn {keys} as an object.",
)


def spaced(key: str) -> str:
    """A key as words."""
    return key.replace("_", " ")


def other_name(key: str, taken: Sequence[str], rng: random.Random, share: float = 0.35) -> str:
    """The key or another name of it that is not taken."""
    names = [name for name in SYNONYMS.get(key, ()) if name not in taken]
    return rng.choice(names) if names and rng.random() < share else key


def ask(key: str, rng: random.Random, hard: bool) -> str:
    """A question for one value."""
    return choose(_ABOUT, rng, hard).format(spaced(key))


def instructed(text: str, keys: Sequence[str], rng: random.Random, hard: bool) -> str:
    """The text, mostly by itself, else with an instruction before or behind it."""
    roll = rng.random()
    if roll < 0.55:
        return text
    names = [spaced(key) for key in keys]
    listed = " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
    pattern = choose(_BEFORE if roll < 0.82 else _AFTER, rng, hard)
    return pattern.format(text, keys="the " + listed if rng.random() < 0.5 else listed)


def with_noise(text: str, lexicon: Lexicon, share: float = 0.3) -> str:
    """The text, sometimes among sentences that have nothing to do with it."""
    rng = lexicon.rng
    if rng.random() >= share:
        return text
    between = rng.choice([" ", " ", "\n"])
    parts = [text, lexicon.filler()]
    if rng.random() < 0.4:
        parts.append(lexicon.filler())
    rng.shuffle(parts)
    return between.join(part if part[-1] in ".!?:\n" else part + "." for part in parts)


def labelled(
    facts: Sequence[tuple[str, Any]], rng: random.Random, say: Callable[[Any, random.Random], str]
) -> str:
    """Facts as labelled lines or pairs in one of many styles."""
    mark = rng.choice([": ", ": ", ": ", " = ", "=", " is ", " ", " - ", "\t", ":"])
    lead, between = rng.choice(
        [
            ("", "\n"),
            ("", "\n"),
            ("- ", "\n"),
            ("* ", "\n"),
            ("", "; "),
            ("", ", "),
            ("", ". "),
            ("", " | "),
            ("", " "),
        ]
    )
    capital = rng.random() < 0.4
    space = rng.random() < 0.7
    parts: list[str] = []
    for key, value in facts:
        name = spaced(key) if space else key
        parts.append(lead + (name.capitalize() if capital else name) + mark + say(value, rng))
    return between.join(parts) + rng.choice(["", "", "."])
