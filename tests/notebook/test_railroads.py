"""Railroad pictures of small constraints: what they draw, and that nothing else ever breaks a notebook."""

from __future__ import annotations

import html
import re
import sys
from xml.etree import ElementTree

import pytest

import canvasgen as cg
from canvasgen.viewer.byte_names import bytes_label, characters_label, text_label
from canvasgen.viewer.railroads import railroads_html

pytest.importorskip("railroad", reason="the extra `notebook` has railroad-diagrams")


MANY = (
    "start: " + " ".join(f"r{at}" for at in range(13)) + "\n" + "".join(f'r{at}: "x"\n' for at in range(13))
)


def texts(page: str) -> list[str]:
    """What is written in the pictures, in order; each picture is well-formed."""
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert pictures
    for picture in pictures:
        assert ElementTree.fromstring(picture).tag == "svg"
    return [html.unescape(one) for one in re.findall(r"<text[^>]*>(.*?)</text>", page, re.DOTALL)]


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (cg.regex("[a-z]+@x(\\.org|\\.net)?"), ["a–z", "@x", ".org", ".net"]),
        (cg.choice(["<b>", "a & b"]), ["<b>", "a␣&␣b"]),
        (cg.regex("a{2,4}b{3,}"), ["a", "2 to 4 times", "b", "3 times or more"]),
        (cg.regex("[^\\n]*"), ["not \\n"]),
        (cg.regex("(?s).é?"), ["any character", "é"]),
        (cg.template("Dear {a},", a=cg.regex("[A-Z]")), ["Dear␣", "a", ",", "A–Z"]),
        (cg.literal(""), []),
    ],
    ids=range(7),
)
def test_what_is_drawn(constraint: cg.Constraint, expected: list[str]) -> None:
    assert texts(railroads_html(constraint)) == expected


def test_the_rules_of_a_grammar() -> None:
    page = railroads_html(cg.grammar('start: "(" start ")" | item ("," item)*\nitem: /[0-9]/'))
    assert re.findall(r"<p><code>(.*?)</code></p>", page)[:2] == ["start", "item"]
    assert {"(", ")", "start", "item", ",", "0–9"} <= set(texts(page))


@pytest.mark.parametrize(
    "constraint",
    [cg.regex("|".join(f"{at}x" for at in range(60))), ~cg.regex("a"), cg.regex("a.") & cg.regex(".b"), cg.grammar(MANY)],
    ids=["many pieces", "a complement", "a meet", "a large grammar"],
)  # fmt: skip
def test_what_is_large_or_no_railroad_has_no_picture(constraint: cg.Constraint) -> None:
    assert railroads_html(constraint) == ""
    assert "<svg" not in constraint._repr_html_() or constraint.automaton.num_states <= 16


def test_a_notebook_shows_both_pictures() -> None:
    page = cg.regex("[ab]+")._repr_html_()
    assert 'aria-label="automaton of 2 states"' in page
    assert 'aria-label="railroad picture of the constraint"' in page
    assert "<script" not in page


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from canvasgen.viewer import railroads

    monkeypatch.setattr(railroads, "installed", lambda name: name != "railroad")
    monkeypatch.setitem(sys.modules, "railroad", None)
    page = cg.regex("[ab]+")._repr_html_()
    assert "canvasgen[notebook]" in page
    assert "automaton of 2 states" in page


def test_labels() -> None:
    assert (
        bytes_label([(97, 97), (99, 100), (102, 122), (32, 32), (10, 10), (200, 201)])
        == "a cd f–z ␣ \\x0a \\xc8\\xc9"
    )
    assert characters_label([(9, 10), (0xE9, 0xE9), (0x200B, 0x200B)]) == "\\t\\n é U+200B"
    assert characters_label([(0, 0xD7FF), (0xE000, 0x10FFFF)]) == "any character"
    assert text_label(b"\xff") == "\\xff"
    assert text_label("é ".encode()) == "é␣"
    assert len(text_label(b"a" * 99)) == 24
