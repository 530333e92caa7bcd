"""Host names and e-mail addresses: their predicates, and the languages that are generated.

Sources: RFC 1123 §2.1 and RFC 1034 §3.5 (host names), RFC 5890 to 5893 (internationalised labels and the Bidi
rule), RFC 5321 §4.1.2 and §4.5.3.1 (mailboxes), RFC 6531 §3.3 (internationalised mailboxes).
"""

from __future__ import annotations

import re
import unicodedata

import idna

from canvasgen.automata import (
    Expr,
    byte_set,
    concat,
    difference,
    intersect,
    literal,
    parse_regex,
    repeat,
    union,
)
from canvasgen.schemas.keywords.formats.syntax import IPV6

__all__ = [
    "email_language",
    "host_language",
    "idn_email_language",
    "idn_host_language",
    "is_email",
    "is_hostname",
    "is_idn_email",
    "is_idn_hostname",
]

MOST_NAME, MOST_LABEL, MOST_LOCAL = 253, 63, 64
"""Octets of a host name, of one of its labels, and of the local part of a mailbox."""

_LABEL = re.compile("[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_RIGHT_TO_LEFT = ("R", "AL", "AN")

_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{0}-]+"
_LOCAL = rf'(?:{_ATOM}(?:\.{_ATOM})*|"(?:[ !#-\[\]-~{{0}}]|\\[ -~])*")'
_BEYOND_ASCII = "\\u0080-\\U0010ffff"
_MAILBOX = re.compile(rf"({_LOCAL.format('')})@(.+)", re.DOTALL)
_IDN_MAILBOX = re.compile(rf"({_LOCAL.format(_BEYOND_ASCII)})@(.+)", re.DOTALL)
_NUMBER = "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})"
_LITERAL = re.compile(rf"\[(?:{_NUMBER}(?:\.{_NUMBER}){{3}}|[Ii][Pp][Vv]6:({IPV6}))\]")


# --- predicates ---------------------------------------------------------------------------------------------


def is_hostname(value: str) -> bool:
    """Return True for a host name of RFC 1123; labels with `--` in third place are A-labels of IDNA2008."""
    return _fits(value) and _are_labels(value.split("."))


def is_idn_hostname(value: str) -> bool:
    """Return True for a host name whose labels are host name labels, A-labels or U-labels of IDNA2008."""
    return _are_labels(_DOTS.split(value))


def is_email(value: str) -> bool:
    """Return True for a `Mailbox` of RFC 5321."""
    found = _MAILBOX.fullmatch(value)
    if found is None or len(found[1]) > MOST_LOCAL:
        return False
    return _fits(found[2]) or _is_address_literal(found[2])


def is_idn_email(value: str) -> bool:
    """Return True for a `Mailbox` of RFC 6531; U-labels need not be in the normal form C."""
    found = _IDN_MAILBOX.fullmatch(value)
    if found is None or len(found[1].encode("utf-8")) > MOST_LOCAL:
        return False
    domain = found[2]
    if _fits(domain) or _is_address_literal(domain):
        return True
    return not domain.isascii() and _are_labels(unicodedata.normalize("NFC", domain).split("."))


def _fits(name: str) -> bool:
    """Return True for letter-digit-hyphen labels of the right lengths."""
    return len(name) <= MOST_NAME and all(_LABEL.fullmatch(label) for label in name.split("."))


def _are_labels(labels: list[str]) -> bool:
    """Return True if labels are LDH labels, A-labels or U-labels, and together keep the Bidi rule."""
    try:
        unicode = [_unicode_label(label) for label in labels]
        octets = sum(len(label) if label.isascii() else len(idna.alabel(label)) for label in labels)
        if any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for label in unicode for c in label):
            for label in unicode:
                idna.check_bidi(label, check_ltr=True)
    except UnicodeError:
        return False
    return octets + len(labels) - 1 <= MOST_NAME


def _unicode_label(label: str) -> str:
    """Return the U-label, or the label itself if it is plain ASCII.

    Raises:
        idna.IDNAError: it is no label.
    """
    if not label.isascii():
        idna.alabel(label)
        return label
    if _LABEL.fullmatch(label) is None:
        raise idna.IDNAError("no LDH label")
    if label[2:4] != "--":
        return label
    if label[:2].lower() != "xn":
        raise idna.IDNAError("a reserved label")
    found = idna.ulabel(label)
    if found.isascii():
        raise idna.IDNAError("an A-label of ASCII")
    return found


def _is_address_literal(domain: str) -> bool:
    """Return True for `[192.0.2.1]` and `[IPv6:2001:db8::1]`, where `::` stands for two groups or more."""
    found = _LITERAL.fullmatch(domain)
    if found is None:
        return False
    address = found[1]
    if address is None or "::" not in address:
        return True
    groups = [group for group in address.split(":") if group]
    return len(groups) + ("." in groups[-1] if groups else 0) <= 6


# --- languages ----------------------------------------------------------------------------------------------

_RESERVED = parse_regex(r"..--.*", re.DOTALL)
_LETTERS = (
    "\u00df-\u00f6\u00f8-\u00ff\u03ac-\u03af\u03b1-\u03c9\u03cc-\u03ce\u0430-\u045f\u3041-\u3096\u30a1-\u30fa"
    "\u4e00-\u9fff\uac00-\ud7a3"
)
"""Lower-case letters, kana, ideographs and syllables that are PVALID, left-to-right and in the normal form C."""
_IDN_LENGTH = 12
"""Most characters of a generated U-label: short enough for the octets of an A-label."""


def _label(most: int, letters: str = "") -> Expr:
    if letters:
        pattern = f"[a-z0-9{letters}](?:[a-z0-9{letters}-]{{0,{most - 2}}}[a-z0-9{letters}])?"
    else:
        pattern = f"[A-Za-z0-9](?:[A-Za-z0-9-]{{0,{most - 2}}}[A-Za-z0-9])?"
    return difference(parse_regex(pattern), _RESERVED)


def _names(label: Expr, last: Expr, more: int) -> Expr:
    return concat(repeat(concat(label, literal(".")), 0, more), last)


def host_language() -> Expr:
    """Return host names of up to 4 labels of any length, or up to 10 of at most 24 characters; no `--` in the
    third place of a label."""
    short = _label(24)
    return union(_names(_label(MOST_LABEL), _label(61), 3), _names(short, short, 9))


def idn_host_language() -> Expr:
    """Return the names of `host_language`, and names of up to 4 labels in the letters of some widespread scripts."""
    mixed = _label(_IDN_LENGTH, _LETTERS)
    return union(host_language(), _names(mixed, mixed, 3))


def _locals(extra: str) -> Expr:
    dots = parse_regex(rf"{_ATOM}(?:\.{_ATOM})*".format(extra))
    quoted = parse_regex(rf'"(?:[ !#-\[\]-~{extra}]|\\["\\])+"')
    octets = repeat(byte_set([(0, 0xFF)]), 1, MOST_LOCAL)
    return intersect(union(dots, quoted), octets)


def email_language() -> Expr:
    """Return mailboxes at a host name."""
    return concat(_locals(""), literal("@"), host_language())


def idn_email_language() -> Expr:
    """Return mailboxes at an internationalised host name, the local part in the same letters."""
    return concat(_locals(_LETTERS), literal("@"), idn_host_language())
