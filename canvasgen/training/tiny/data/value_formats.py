"""Values of fixed formats: dates, telephone numbers, IBANs and the like; and regular expressions that fit them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

__all__ = ["FORMATS", "PATTERNS", "Amount"]

_UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_IBAN_LENGTH = {
    "DE": 18,
    "FR": 23,
    "ES": 20,
    "IT": 22,
    "AT": 16,
    "NL": 14,
    "BE": 12,
    "CH": 17,
    "PL": 24,
    "GB": 18,
}
"""Digits behind the check digits; letters that some countries have there are left out."""
_PHONES = (
    "###-####",
    "###-####",
    "###-###-####",
    "0## #######",
    "+## ### ######",
    "0###/######",
    "## ## ## ##",
)


class Amount(float):
    """A number with its text, so that `12.50` stays `12.50`."""

    text: str

    def __new__(cls, text: str) -> Amount:
        """From the text."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __str__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[type[Amount], tuple[str]]:
        return Amount, (self.text,)


def digits(rng: random.Random, count: int) -> str:
    """Random digits, the first not zero."""
    return str(rng.randint(1, 9)) + "".join(str(rng.randint(0, 9)) for _ in range(count - 1))


def letters(rng: random.Random, count: int) -> str:
    """Random capital letters."""
    return "".join(rng.choices(_UPPER, k=count))


def phone(rng: random.Random) -> str:
    """A telephone number in one of several styles."""
    style = rng.choice(_PHONES)
    return "".join(digits(rng, 1) if mark == "#" else mark for mark in style)


def iban(rng: random.Random) -> str:
    """A number of an IBAN's form, in groups of four or in one piece; the check digits are random."""
    country = rng.choice(sorted(_IBAN_LENGTH))
    text = country + digits(rng, 2 + _IBAN_LENGTH[country])
    return text if rng.random() < 0.4 else " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def date(rng: random.Random) -> str:
    """An ISO date."""
    return f"{rng.randint(1950, 2039)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"


def time(rng: random.Random) -> str:
    """A time of day."""
    return f"{rng.randint(0, 23):02d}:{rng.choice([0, 0, 15, 30, 45, rng.randint(0, 59)]):02d}"


def datetime(rng: random.Random) -> str:
    """An ISO date and time, with or without seconds and zone."""
    seconds = rng.choice([":00", f":{rng.randint(0, 59):02d}"])
    zone = rng.choice(["", "Z", "Z", "+01:00", "+02:00"]) if seconds else ""
    return f"{date(rng)}T{time(rng)}{seconds}{zone}"


def code(rng: random.Random) -> str:
    """A short code of letters and digits."""
    style = rng.choice(
        ["A-#", "A-##", "AA-###", "AAA-####", "AA####", "#####", "A###", "AA-####-##", "AAA###"]
    )
    return "".join(
        rng.choice(_UPPER) if mark == "A" else digits(rng, 1) if mark == "#" else mark for mark in style
    )


def url(rng: random.Random, word: Callable[[], str]) -> str:
    """A web address."""
    end = rng.choice(["com", "org", "net", "io", "de", "fr", "eu"])
    path = "" if rng.random() < 0.5 else "/" + word().replace(" ", "-")
    return (
        rng.choice(["https://", "https://www.", "www.", "http://"])
        + f"{word().replace(' ', '-')}.{end}{path}"
    )


def price(rng: random.Random) -> Amount:
    """An amount with cents."""
    whole = rng.randint(0, 10 ** rng.randint(1, 4))
    cents = rng.choice(["00", "50", "99", "95", "25", f"{rng.randint(0, 99):02d}"])
    return Amount(f"{whole}.{cents}")


def plate(rng: random.Random) -> str:
    """A car's number."""
    return f"{letters(rng, rng.randint(1, 3))}-{letters(rng, 2)} {digits(rng, 3)}"


FORMATS: dict[str, Callable[[random.Random], Any]] = {
    "phone": phone,
    "iban": iban,
    "date": date,
    "time": time,
    "datetime": datetime,
    "code": code,
    "price": price,
    "postcode": lambda rng: rng.choice(
        [digits(rng, 5), digits(rng, 4), f"{digits(rng, 3)} {digits(rng, 2)}"]
    ),
    "percent": lambda rng: f"{rng.randint(1, 100)}%",
    "version": lambda rng: ".".join(str(rng.randint(0, 19)) for _ in range(rng.choice([2, 3, 3]))),
    "plate": plate,
    "seat": lambda rng: f"{rng.randint(1, 42)}{rng.choice('ABCDEF')}",
    "star": lambda rng: rng.randint(1, 5),
    "size": lambda rng: rng.choice(["S", "M", "L", "XL", "XS", "XXL"]),
    "day": lambda rng: rng.choice(
        ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    ),
}
"""How values of a kind are drawn."""

PATTERNS: dict[str, tuple[str, ...]] = {
    "phone": (r"\+?[\d /-]{7,16}", r"[0-9+][0-9 /-]{5,15}[0-9]"),
    "iban": (r"[A-Z]{2}\d{2}[\d ]{10,30}", r"[A-Z]{2}[0-9 ]{14,32}"),
    "date": (r"\d{4}-\d{2}-\d{2}", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", r"\d\d\d\d-\d\d-\d\d"),
    "time": (r"\d{2}:\d{2}", r"[0-2]\d:[0-5]\d", r"\d\d:\d\d"),
    "datetime": (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*", r"[0-9T:+Z-]{16,25}"),
    "code": (r"[A-Z]*-?\d+(-\d+)?", r"[A-Z0-9-]{3,12}"),
    "price": (r"\d+\.\d{2}", r"\d+\.\d\d", r"[0-9]+\.[0-9]{2}"),
    "postcode": (r"\d[\d ]{3,5}", r"[0-9 ]{4,6}"),
    "percent": (r"\d+%", r"\d{1,3}%"),
    "version": (r"\d+(\.\d+){1,2}", r"[0-9.]{3,8}"),
    "plate": (r"[A-Z]{1,3}-[A-Z]{2} \d{3}", r"[A-Z0-9 -]{6,10}"),
    "seat": (r"\d+[A-F]", r"[0-9]{1,2}[A-Z]"),
    "email": (r"[\w.]+@[\w.]+", r"[a-z0-9._]+@[a-z0-9.-]+\.[a-z]{2,}", r"\S+@\S+"),
    "url": (r"\S+", r"(https?://|www\.)\S+"),
    "currency": (r"[A-Z]{3}",),
    "name": (r"[A-Z]\w+( [A-Z]\w+)?", r"[\w' -]+"),
    "company": (r"[A-Z][\w ]+", r"[\w ]+"),
    "city": (r"[A-Z]\w+( \w+)*", r"[A-Z][a-z]{2,9}", r"[\w ]+"),
    "product": (r"[a-z ]+", r"[\w ]{3,30}"),
    "job": (r"[a-z ]+", r"\w+( \w+)?"),
    "color": (r"[a-z ]+", r"[a-z]+( [a-z]+)*"),
    "word": (r"[a-z]+", r"\w+"),
    "street": (r"\d+ [\w ]+", r"[\w ]+"),
    "country": (r"[A-Z][\w ]+",),
    "age": (r"\d{1,2}", r"\d+", r"[0-9]+"),
    "small": (r"\d+", r"[0-9]{1,3}"),
    "number": (r"\d+", r"[0-9]+"),
    "year": (r"\d{4}", r"[12]\d{3}"),
    "weight": (r"\d+\.\d", r"\d+\.\d+"),
    "day": (r"[A-Z][a-z]+day", r"\w+"),
    "topic": (r"[a-z ]+", r"\w+( \w+)?"),
    "event": (r"[\w ]+",),
}
"""Regular expressions under which such values are asked for; every value of the kind matches each of them where it can."""
