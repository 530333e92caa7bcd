"""`cg.Limits`: one argument for everything that is compiled; the remedy that an error names can be followed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import canvasgen as cg
from canvasgen.constraints import Constraint
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint
from canvasgen.tokens.cache import clear_memory

LONG = "a" * 400
LIST = {
    "type": "array",
    "items": {"type": "object", "properties": {"word": {"enum": [LONG, "b"]}}, "required": ["word"]},
}
SMALL = cg.Limits(max_states=300)

KINDS: dict[str, tuple[Callable[..., Constraint], str, str | None]] = {
    "json_schema": (lambda limits: cg.json_schema(LIST, limits=limits), f'[{{"word":"{LONG}"}}]', "$.items.properties.word"),
    "regex": (lambda limits: cg.regex(f"x{{1,3}}{LONG}", limits=limits), "x" + LONG, "position 1"),
    "grammar": (lambda limits: cg.grammar(f'start: "{LONG}"', limits=limits), LONG, None),
    "choice": (lambda limits: cg.choice([LONG, "b"], limits=limits), LONG, None),
    "text": (lambda limits: cg.text(400, 410, limits=limits), LONG, None),
    "template": (lambda limits: cg.template("{a}{b}", a="x", b=cg.choice([LONG, "c"]), limits=limits), "x" + LONG, "{b}"),
    "table": (lambda limits: cg.table(1, 1, [LONG], limits=limits), f"|   |\n|---|\n| {LONG} |", None),
    "+": (lambda limits: "y" + cg.text(400, 410, limits=limits), "y" + LONG, "part 2"),
    "repeat": (lambda limits: cg.repeat(cg.choice([LONG], limits=limits), 1, 2), LONG, None),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_names_the_limit_the_place_and_what_to_do(kind: str) -> None:
    build, text, path = KINDS[kind]
    with pytest.raises(ConstraintTooLarge) as caught:
        _ = build(SMALL).automaton
    error = caught.value
    assert error.rule == "max_states" or kind == "grammar"
    assert error.path is not None
    assert path is None or path in error.path
    assert error.remedy is not None
    named = re.search(r"limits=cg\.Limits\((\w+)=(\d+)\)", error.remedy)
    assert named is not None
    assert int(named.group(2)) == 2 * SMALL.max_states
    followed = build(cg.Limits(max_states=20 * SMALL.max_states))
    assert followed.automaton.num_states > SMALL.max_states
    assert followed.matches(text) or kind == "table"


def test_seconds_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANVASGEN_CACHE", str(tmp_path))  # what is there already is not compiled
    clear_memory()
    with pytest.raises(
        ConstraintTooLarge, match=r"allow more with limits=cg\.Limits\(max_seconds="
    ) as caught:
        _ = cg.choice([f"word {number}" for number in range(999)], limits=cg.Limits(max_seconds=-1)).automaton
    assert caught.value.rule == "max_seconds"
    vocabulary = cg.Vocabulary([bytes((byte,)) for byte in range(256)] + [None], end_ids=[256])
    many = [f"{number * 7919 % 100_003:05}" for number in range(2000)]
    with pytest.raises(ConstraintTooLarge, match=r"limits=cg\.Limits\(max_bytes=") as caught:
        cg.choice(many, limits=cg.Limits(max_bytes=20_000)).compile(vocabulary)
    assert caught.value.path is not None
    assert cg.choice(many).compile(vocabulary).num_states > 0


def test_a_whole_allows_what_any_of_its_parts_allows() -> None:
    wide = cg.Limits(max_states=500_000, max_seconds=1, max_bytes=1000)
    whole = cg.regex("a", limits=wide) + cg.regex("b")
    assert whole.limits == wide
    both = whole | cg.regex("c", limits=cg.Limits(1000, 2, 2000))
    assert both.limits == cg.Limits(500_000, 2, 2000)
    assert (cg.regex("a") + "b").limits == cg.Limits()
    assert cg.template("{a}", a=cg.regex("x", limits=wide)).limits == wide


def test_a_hole_may_be_named_limits() -> None:
    assert cg.template("{limits}", limits=cg.regex("[0-9]+")).parse("12") == {"limits": "12"}
    with pytest.raises(InvalidConstraint, match=r"cg\.Limits"):
        cg.template("{a}", a=int, limits="x")


@pytest.mark.parametrize("wrong", [5, {"max_states": 5}, "large"])
def test_what_are_no_limits(wrong: Any) -> None:
    with pytest.raises(InvalidConstraint, match=r"cg\.Limits"):
        cg.regex("a", limits=wrong)
    with pytest.raises(InvalidConstraint, match=r"cg\.Limits"):
        cg.Request("", schema=int, limits=wrong).resolve()


@pytest.mark.parametrize(
    "wrong",
    [{"max_states": 0}, {"max_states": 1.5}, {"max_seconds": "1"}, {"max_seconds": float("nan")}, {"max_bytes": True}],
)  # fmt: skip
def test_malformed_limits(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidConstraint):
        cg.Limits(**wrong)


def test_requests_have_limits() -> None:
    with pytest.raises(ConstraintTooLarge):
        _ = cg.Request("", schema=LIST, limits=SMALL).resolve().automaton  # type: ignore[union-attr]
    assert cg.Request("", schema=LIST).resolve().automaton.num_states > 300  # type: ignore[union-attr]
    assert cg.Request("", constraint=cg.text(), limits=SMALL).resolve() is not None


def test_a_large_pattern_is_left_to_the_validator() -> None:
    large = cg.regex("(?:x|){1,999999}")
    assert all(large.matches(text) for text in ("", "xx"))
    assert not large.matches("y")
    assert [note.kind for note in large.explain()] == ["automaton", "validator"]
    log = cg.regex("foo.{0,100}bar")
    assert log.matches("foo" + "x" * 100 + "bar")
    assert not log.matches("foo" + "x" * 101 + "bar")
    search = cg.regex(".*foo.{0,100}bar.*")
    assert search.matches("a foobar b")
    assert search.automaton.num_states < 100
    assert not (search + "!").matches("foo" + "x" * 101 + "bar!")
    assert cg.regex(".*foo.{0,100}bar.*", limits=cg.Limits(max_states=400)).matches("foobar")
