"""E-mail addresses, URLs, phone numbers, prices and yes or no as they are written in a text."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import regex

from canvasgen.extras import needed
from canvasgen.grounding.numerals import numbers_in

__all__ = ["currencies_in", "emails_in", "phones_in", "prices_in", "truths_in", "urls_in"]

_EMAIL = regex.compile(
    r"(?<![\w!#$%&'*+/=?^`{|}~.-])[\w!#$%&'*+/=?^`{|}~-]{1,64}(?:\.[\w!#$%&'*+/=?^`{|}~-]{1,64}){0,31}"
    r"@\w[\w-]{0,62}(?:\.\w[\w-]{0,62}){1,31}(?<!-)"
)
_URL = regex.compile(r"(?<!\w)(?:[a-z][a-z0-9+.-]{0,29}://|(?:mailto|urn|tel):)[^\s<>\"]+", regex.IGNORECASE)
_TRAILING = ".,;:!?'’”*_"
_PAIRS = {")": "(", "]": "[", "}": "{"}
_BEFORE = regex.compile(r"(?<!\w)(?:[^\s\d.,;:!?()]{1,4}\.?)\s?$")
_AFTER = regex.compile(r"\s?(?:[^\W\d]{1,8}|\p{Sc})(?!\w)")
_CURRENCY_WORDS = regex.compile(
    r"dollars?|euros?|pounds?|yen|francs?|rupees?|pesos?|kroner", regex.IGNORECASE
)
_CODES = {"€": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "pounds": "GBP", "$": "USD", "dollars": "USD"} | {
    "US$": "USD", "¥": "JPY", "yen": "JPY", "₹": "INR", "rupees": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY"
}  # fmt: skip
_TRUTHS = {
    True: "yes|true|on|enabled|active|included|confirmed|agreed|accepted|approved",
    False: "no|not|never|none|without|false|off|disabled|inactive|excluded|cancelled|canceled|declined|rejected|n['’]t",
}
_SAID = {
    value: regex.compile(rf"(?<!\w)(?:{words})(?!\w)", regex.IGNORECASE) for value, words in _TRUTHS.items()
}


def emails_in(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the e-mail addresses of a text, each with its start and stop."""
    for match in _EMAIL.finditer(text):
        yield match[0], match.start(), match.end()


def urls_in(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the URLs of a text that have a scheme, without the punctuation of the sentence around them."""
    for match in _URL.finditer(text):
        found = match[0]
        while found and (
            found[-1] in _TRAILING
            or (found[-1] in _PAIRS and found.count(found[-1]) > found.count(_PAIRS[found[-1]]))
        ):
            found = found[:-1]
        if not found.endswith("/") or found.count("/") > 2:
            yield found, match.start(), match.start() + len(found)


def phones_in(text: str, region: str | None) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Yield the phone numbers of a text in E.164, or else RFC 3966: international ones, and a region's national ones.

    Raises:
        MissingPackage: phonenumbers is not installed.
    """
    phones: Any = needed("phonenumbers", "reading phone numbers from a text")
    for match in phones.PhoneNumberMatcher(text, region):
        forms = [
            phones.format_number(match.number, form)
            for form in (phones.PhoneNumberFormat.E164, phones.PhoneNumberFormat.RFC3966)
        ]
        yield tuple(forms), match.start, match.end


def prices_in(text: str) -> Iterator[tuple[Decimal, int, int]]:
    """Yield the amounts of a text that have a currency, each with the start and stop of both.

    Raises:
        MissingPackage: price-parser is not installed.
    """
    for amount, _, start, stop in _priced(text):
        yield amount, start, stop


def currencies_in(text: str) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Yield the currencies of a text's amounts as they are written, or else by their code where that is usual (`€`, `EUR`).

    Raises:
        MissingPackage: price-parser is not installed.
    """
    for _, currency, start, stop in _priced(text):
        code = _CODES.get(currency) or _CODES.get(currency.lower())
        yield (currency,) if code is None else (currency, code), start, stop


def _priced(text: str) -> Iterator[tuple[Decimal, str, int, int]]:
    if not any(character.isdigit() for character in text):
        return
    read: Any = needed("price_parser", "reading prices from a text").Price.fromstring
    seen: set[tuple[int, int]] = set()
    for _, start, stop in numbers_in(text):
        if (start, stop) in seen or (start and text[start - 1] in "-−"):
            continue
        seen.add((start, stop))
        before = _BEFORE.search(text, max(0, start - 6), start)
        if before is not None:
            whole = text[before.start() : stop]
            price = read(whole)
            if price.currency and price.amount is not None and whole.startswith(price.currency):
                yield price.amount, price.currency, before.start(), stop
                continue
        after = _AFTER.match(text, stop)
        if after is not None:
            said = after[0].strip()
            price = read(text[start : after.end()])
            is_word = _CURRENCY_WORDS.fullmatch(said) is not None
            if price.amount is not None and (price.currency == said or is_word):
                yield price.amount, said, start, after.end()


def truths_in(text: str) -> Iterator[tuple[bool, int, int]]:
    """Yield the words of an English text that say yes or no."""
    for value, words in _SAID.items():
        for match in words.finditer(text):
            yield value, match.start(), match.end()
