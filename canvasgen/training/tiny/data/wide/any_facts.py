"""Facts of any kind under any key, and the texts that state them in many layouts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from canvasgen.training.tiny.data.wide.coined import Coiner, choice_of
from canvasgen.training.tiny.data.wide.phrases import PHRASES

__all__ = [
    "KINDS",
    "Stated",
    "alike",
    "capital",
    "fact",
    "facts",
    "filler",
    "in_words",
    "padded",
    "said",
    "state",
    "styled",
    "terse",
]

KINDS: dict[str, str] = {
    "name": "name full_name customer client guest author owner contact patient driver teacher buyer tenant seller winner"
    " manager applicant host member employee player artist speaker payee sender recipient assignee reporter person who",
    "city": "city town place location destination origin hometown venue_city office birthplace port station branch region",
    "country": "country nation origin_country market citizenship land",
    "company": "company firm employer vendor supplier brand maker publisher airline bank organisation shop carrier",
    "product": "product item article title thing part model gift tool goods material device object label description",
    "email": "email mail e_mail email_address contact_email reply_to address login",
    "phone": "phone tel telephone mobile phone_number fax hotline cell number_to_call whatsapp extension",
    "price": "price cost amount total fee fare rent due deposit unit_price balance salary bill subtotal refund budget tax",
    "weight": "weight height width length score rating distance temperature ratio depth voltage gpa speed dose size",
    "small": "quantity count number pieces guests people seats rooms units nights children tickets pages level floor stock",
    "age": "age years age_years",
    "number": "total count views population points id score balance visitors employees words bytes mileage members stock",
    "year": "year founded born since built season vintage model_year",
    "code": "code id reference ref order_id invoice number sku ticket serial booking account case key token batch tracking",
    "date": "date day when due deadline start end birthday delivery expires issued departure arrival until from since",
    "time": "time start end opens closes departure arrival begins at alarm",
    "clock": "time hour starts meeting_time pickup check_in",
    "datetime": "timestamp created_at updated time starts_at logged",
    "day": "day weekday delivery_day meeting_day open_day",
    "color": "color colour paint shade",
    "street": "street address shipping_address home_address line1",
    "iban": "iban account bank_account",
    "url": "url website link homepage source page",
    "percent": "discount share rate humidity progress vat battery change",
    "money": "price cost amount total fee offer prize",
    "room": "room seat gate table platform desk locker box",
    "job": "job role occupation profession position trade",
    "topic": "topic subject field course theme department",
    "event": "event title meeting session conference book song film",
    "phrase": "note comment remark title subject summary message motto reason task hint label",
    "word": "word password nickname user username status tag team group codename city breed flavor",
    "language": "language spoken locale",
    "version": "version release build firmware",
    "postcode": "postcode zip zip_code postal_code",
    "currency": "currency unit currency_code",
    "problem": "problem issue error incident title bug",
    "hobby": "hobby sport interest",
}
"""Keys of each kind of value."""
_WEIGHTS = {
    "name": 9,
    "city": 5,
    "price": 7,
    "date": 6,
    "email": 6,
    "phone": 6,
    "small": 5,
    "product": 6,
    "code": 5,
}
_NAMES = tuple(KINDS)
_SHARES = tuple(_WEIGHTS.get(kind, 2) for kind in KINDS)

ENUMS = (
    "minor major critical", "open closed pending", "small medium large", "red green blue yellow", "new used broken",
    "active inactive banned", "draft sent paid overdue", "north south east west", "cash card transfer", "gold silver bronze",
    "single double suite", "economy business first", "beginner advanced expert", "todo doing done", "bug feature question",
    "spring summer autumn winter", "public private", "hot cold mild", "approved rejected", "vegan meat fish", "on off auto",
    "car bike bus train", "breakfast lunch dinner", "urgent normal", "cotton wool silk", "queued running failed finished",
    "male female other", "junior senior lead", "morning noon evening night", "available reserved sold", "left right center",
)  # fmt: skip
"""Labels that one value is chosen from."""
FLAGS = (
    "paid", "active", "urgent", "vegan", "available", "open", "insured", "married", "public", "signed", "refundable",
    "online", "fragile", "confirmed", "subscribed", "in_stock", "remote", "verified", "smoker", "allergic", "gift", "member",
    "returned", "approved", "enabled", "damaged", "licensed", "furnished", "pets", "parking", "newsletter", "breakfast",
)  # fmt: skip
"""Keys of yes and no."""
_YES_NO = (("yes", "no"),) * 3 + (
    ("true", "false"),
    ("Yes", "No"),
    ("on", "off"),
    ("y", "n"),
    ("✓", "✗"),
    ("1", "0"),
)

_ANY = PHRASES["any"]
_OWN = {name.partition(" ")[2]: texts for name, texts in PHRASES.items() if name.startswith("own ")}
"""How values of a kind are said without their key; ``_ANY`` names the key, ``@``."""
_FILLER = PHRASES["filler"]

_FAMILIES = (
    "name company event", "price money number weight small age year", "time clock datetime date day", "city country street",
    "product word phrase topic event problem hobby job language color company", "code room postcode iban phone version",
)  # fmt: skip


def alike(first: str, second: str) -> bool:
    """Whether values of two kinds can be taken for each other where no key is said."""
    return first == second or any({first, second} <= set(family.split()) for family in _FAMILIES)


@dataclass(frozen=True)
class Stated:
    """A key, what kind of value it has, the value, its JSON Schema, and how it is written in a text."""

    key: str
    kind: str
    value: Any
    shape: dict[str, Any]
    written: str


def fact(rng: random.Random, coiner: Coiner, taken: Sequence[str] = (), kind: str | None = None) -> Stated:
    """A fact of a kind; its key is none of those taken."""
    roll = rng.random() if kind is None else 1.0
    if roll < 0.07:
        return _flag(rng, taken)
    if roll < 0.13:
        return _enum(rng, coiner, taken)
    if roll < 0.18:
        return _list(rng, coiner, taken)
    kind = kind or rng.choices(_NAMES, _SHARES)[0]
    value = coiner.draw(kind)
    return Stated(
        _key(rng, coiner, KINDS[kind].split(), taken), kind, value, _shape(kind, value, rng), str(value)
    )


def facts(rng: random.Random, coiner: Coiner, count: int, own: float = 0.0) -> list[Stated]:
    """Facts of different keys and values; with probability ``own`` all of different kinds, none of them a list."""
    found: list[Stated] = []
    alone = rng.random() < own
    while len(found) < count:
        one = fact(rng, coiner, [other.key for other in found])
        same = [
            other for other in found if other.written == one.written and other.kind not in ("flag", "enum")
        ]
        kinds = {other.kind for other in found}
        if same or (alone and (one.kind in kinds or one.kind in ("flag", "list"))):
            continue
        found.append(one)
    return styled(found, rng)


def styled(found: Sequence[Stated], rng: random.Random) -> list[Stated]:
    """The facts, their keys mostly as they are, else all in one other style."""
    style = rng.random()
    if style < 0.75:
        return list(found)
    return [replace(one, key=_styled(one.key, style)) for one in found]


def _styled(key: str, style: float) -> str:
    parts = key.split("_")
    if style < 0.83:
        return parts[0] + "".join(part.capitalize() for part in parts[1:])
    if style < 0.88:
        return "".join(part.capitalize() for part in parts)
    if style < 0.92:
        return " ".join(parts)
    if style < 0.95:
        return key.upper()
    return " ".join(parts).capitalize() if style < 0.98 else "-".join(parts)


def _key(rng: random.Random, coiner: Coiner, names: Sequence[str], taken: Sequence[str]) -> str:
    free = [name for name in names if name not in taken]
    roll = rng.random()
    if roll < 0.06 or not free:
        while (name := coiner.coined()) in taken:
            pass
        return name
    name = rng.choice(free)
    if roll < 0.14:
        name = f"{rng.choice(['new', 'old', 'main', 'first', 'home', 'ship', 'bill', 'my', 'the', 'last', 'work'])}_{name}"
    elif roll < 0.16:
        name += rng.choice(["_1", "_2", "_a", "_nr", "_text", "_value"])
    return _key(rng, coiner, names, taken) if name in taken else name


_TYPES = {
    "small": "integer",
    "age": "integer",
    "number": "integer",
    "year": "integer",
    "price": "number",
    "weight": "number",
}
_FORMATS = {"date": "date", "email": "email", "datetime": "date-time", "time": "time", "url": "uri"}


def _shape(kind: str, value: Any, rng: random.Random) -> dict[str, Any]:
    if kind in _TYPES:
        return {"type": "number" if isinstance(value, int) and rng.random() < 0.1 else _TYPES[kind]}
    if kind in _FORMATS and rng.random() < 0.4:
        return {"type": "string", "format": _FORMATS[kind]}
    return {"type": "string"}


def _flag(rng: random.Random, taken: Sequence[str]) -> Stated:
    value = rng.random() < 0.5
    key = rng.choice([flag for flag in FLAGS if flag not in taken])
    return Stated(key, "flag", value, {"type": "boolean"}, rng.choice(_YES_NO)[not value])


def _enum(rng: random.Random, coiner: Coiner, taken: Sequence[str]) -> Stated:
    options = rng.choice(ENUMS).split()
    rng.shuffle(options)
    value = rng.choice(options)
    key = _key(
        rng,
        coiner,
        ["status", "kind", "type", "level", "state", "class", "priority", "category", "mode"],
        taken,
    )
    shape: dict[str, Any] = {"enum": options} if rng.random() < 0.5 else {"type": "string", "enum": options}
    return Stated(key, "enum", value, shape, value if rng.random() < 0.85 else value.capitalize())


def _list(rng: random.Random, coiner: Coiner, taken: Sequence[str]) -> Stated:
    kind = rng.choice(
        ["color", "city", "word", "name", "product", "small", "hobby", "topic", "language", "number", "date"]
    )
    values = list(dict.fromkeys(coiner.draw(kind) for _ in range(rng.choice([1, 2, 2, 3, 3, 4, 5]))))
    names = [
        "tags",
        "colors",
        "items",
        "list",
        "values",
        "members",
        "names",
        "places",
        "options",
        "results",
        "keywords",
    ]
    texts = [str(value) for value in values]
    written = ", ".join(texts)
    if len(texts) > 1 and rng.random() < 0.4:
        written = ", ".join(texts[:-1]) + rng.choice([" and ", " & ", ", and ", " or "]) + texts[-1]
    elif rng.random() < 0.15:
        written = rng.choice([" / ", "; ", " ", " + "]).join(texts)
    shape = {"type": "array", "items": {"type": "integer" if kind in _TYPES else "string"}}
    return Stated(_key(rng, coiner, names, taken), "list", values, shape, written)


def in_words(key: str) -> str:
    """A key as words."""
    spaced = (
        "".join(f" {letter}" if letter.isupper() else letter for letter in key) if not key.isupper() else key
    )
    return spaced.replace("_", " ").replace("-", " ").strip().lower()


def said(one: Stated, rng: random.Random, hard: bool, alone: bool) -> str:
    """A piece of a sentence that states a fact; only one that is ``alone`` of its kind can go without its key."""
    key = in_words(one.key)
    if one.kind == "flag" and rng.random() < 0.5:
        return f"{'it is ' if rng.random() < 0.7 else ''}{'' if one.value else 'not '}{key}"
    own = _OWN.get(one.kind)
    if own and alone and rng.random() < 0.6:
        return choice_of(rng, own, hard).replace("{}", one.written)
    pattern = choice_of(rng, _ANY, hard)
    return pattern.replace("{@}", key).replace("@", "\0").replace("{}", one.written).replace("\0", key)


def capital(piece: str, one: Stated) -> str:
    """A piece of a sentence as its beginning: with a capital letter, unless the value comes first."""
    piece = piece.rstrip(",")
    return piece if piece.startswith(one.written) else piece[0].upper() + piece[1:]


def state(found: Sequence[Stated], rng: random.Random, hard: bool) -> str:
    """A text that states all facts, in one of many layouts."""
    layout = rng.random()
    kinds = [one.kind for one in found]
    if layout < 0.40:
        return _labelled(found, rng)
    pieces = [said(one, rng, hard, kinds.count(one.kind) == 1) for one in found]
    if layout < 0.65:
        return " ".join(f"{capital(piece, one)}." for piece, one in zip(pieces, found, strict=True))
    if layout < 0.88:
        if rng.random() < 0.5:
            pieces[0] = capital(pieces[0], found[0])
        return ", ".join(piece.rstrip(",") for piece in pieces) + rng.choice([".", "", "!"])
    return "\n".join(f"{rng.choice(['- ', '* ', ''])}{piece.rstrip(',')}" for piece in pieces)


_NAMED = {"name", "product", "problem", "phrase", "event", "company", "word"}
_NOUNS = (
    "order",
    "request",
    "entry",
    "note",
    "task",
    "report",
    "case",
    "message",
    "from",
    "file",
    "notice",
    "re",
    "new",
)
"""What stands before a value in place of its key."""


def _labelled(found: Sequence[Stated], rng: random.Random) -> str:
    """Keys and values side by side."""
    roll = rng.random()
    plain = rng.random() < 0.3
    keys = [one.key if plain else in_words(one.key) for one in found]
    if found[0].kind in _NAMED and rng.random() < 0.15:
        keys[0] = rng.choice(_NOUNS)
    if rng.random() < 0.4:
        keys = [key.capitalize() for key in keys]
    if roll < 0.06:
        mark = rng.choice([" | ", "\t", ";"])
        return mark.join(keys) + "\n" + mark.join(one.written for one in found)
    if roll < 0.10:
        return "\n".join(f"| {key} | {one.written} |" for key, one in zip(keys, found, strict=True))
    if roll < 0.14:
        return " ".join(f"<{key}>{one.written}</{key}>" for key, one in zip(keys, found, strict=True))
    if roll < 0.18:
        return "\n".join(f"{key}\n{one.written}" for key, one in zip(keys, found, strict=True))
    marks = [": ", ": ", ":", " = ", "=", " ", " - ", " is ", " -> ", "\t"]
    mark = rng.choice(marks)
    mixed = rng.random() < 0.2
    between = rng.choice(["\n", "\n", "; ", ", ", ", ", ". ", " | ", "  ", " "])
    lead = rng.choice(["", "", "", "- ", "* "]) if between == "\n" else ""
    return between.join(
        f"{lead}{key}{rng.choice(marks) if mixed else mark}{one.written}"
        for key, one in zip(keys, found, strict=True)
    )


def terse(found: Sequence[Stated], rng: random.Random) -> str:
    """The values alone, one after the other."""
    between = rng.choice([", ", ", ", ", ", "; ", " / ", " - ", " | ", "\n", ",", " · "])
    return between.join(one.written for one in found) + rng.choice(["", "", "."])


def filler(rng: random.Random, coiner: Coiner) -> str:
    """A sentence that has nothing to do with the task, perhaps with names and numbers."""
    pattern = rng.choice(_FILLER)
    while "{" in pattern:
        pattern = pattern.replace("{w}", coiner.word(), 1).replace("{c}", coiner.city(), 1)
        pattern = pattern.replace("{p}", coiner.given(), 1).replace("{n}", str(rng.randint(2, 60)), 1)
    return pattern + rng.choice([".", ".", ".", "!"])


def padded(text: str, rng: random.Random, coiner: Coiner, sentences: int) -> str:
    """The text with as many other sentences before and behind it."""
    before = rng.randint(0, sentences)
    parts = [filler(rng, coiner) for _ in range(before)]
    parts.append(text if text[-1] in ".!?:\n" else text + ".")
    parts += [filler(rng, coiner) for _ in range(sentences - before)]
    return rng.choice([" ", " ", "\n"]).join(parts)
