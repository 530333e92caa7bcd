"""One account for all of a request's work: seconds and bytes add up, wherever they are taken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import canvasgen as cg
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint, TimeLimit, Unsatisfiable
from canvasgen.limits import (
    DEFAULT_LIMITS,
    KEPT,
    Account,
    Limits,
    held_so_far,
    hold,
    in_force,
    kept,
    limited,
    look,
    not_counted,
    room_for,
    seconds_left,
    share,
    step,
    uncounted,
)
from canvasgen.limits.generations import GENERATION, count_made
from canvasgen.once import Once
from canvasgen.relations import SearchTime


def work(times: int = 200_000) -> None:
    """Take some CPU time."""
    for _ in range(times):
        pass


def test_outside_of_an_account_nothing_is_counted() -> None:
    step(10**9)
    hold(10**15)
    room_for(10**15)
    look()
    assert seconds_left() == float("inf")
    assert held_so_far() == 0


def test_bytes_add_up_and_the_error_names_the_limit() -> None:
    with limited(Limits(max_bytes=1000)) as account:
        hold(600)
        look()
        room_for(400)
        with pytest.raises(ConstraintTooLarge, match="more than 1000 bytes") as caught:
            room_for(401, "here")
        assert caught.value.path == "here"
        assert caught.value.rule == "max_bytes"
        assert caught.value.remedy is not None
        assert "max_bytes=2000" in caught.value.remedy
        hold(401)
        with pytest.raises(ConstraintTooLarge):
            look()
    assert account.held == 1001


def test_steps_look_at_the_clock() -> None:
    def many(count: Callable[[int], None]) -> None:
        for _ in range(10_000):
            count(1)

    for count in (step, hold):
        with limited(Limits(max_seconds=0)), pytest.raises(ConstraintTooLarge, match="seconds of the CPU"):
            many(count)


def test_the_stricter_of_two_accounts_ends_the_work() -> None:
    for outer, inner in ((1000, 10**9), (10**9, 1000)):
        with (
            limited(Limits(max_bytes=outer)),
            limited(Limits(max_bytes=inner)),
            pytest.raises(ConstraintTooLarge, match="more than 1000 bytes"),
        ):
            room_for(2000)


def test_the_default_limits_inside_of_others_are_none() -> None:
    with limited(Limits(max_bytes=10**12)) as outer, limited(None) as inner:
        assert inner is outer
        room_for(10**11)


def test_what_is_made_inside_counts_for_all_around() -> None:
    with limited(Limits(max_bytes=10**6)) as outer:
        with limited(Limits(max_bytes=10**5)) as inner:
            hold(50_000)
        assert (inner.held, outer.held) == (50_000, 50_000)
        with limited(Limits(max_bytes=10**5)):
            hold(50_000)
        assert held_so_far() == outer.held == 100_000


def test_an_account_goes_on_where_it_was_left() -> None:
    account = Account(Limits(max_bytes=1000))
    for _ in range(2):
        with account.open():
            hold(400)
            work()
    assert account.held == 800
    first = account.seconds
    assert first > 0
    with account.open(), account.open():
        work()
    assert account.seconds > first
    with account.open(), pytest.raises(ConstraintTooLarge):
        room_for(201)


def test_a_share_leaves_the_rest() -> None:
    with limited(Limits(max_seconds=1000)):
        with share(0.25, DEFAULT_LIMITS):
            assert 240 < seconds_left() < 250
            with share(0.5, DEFAULT_LIMITS):
                assert 120 < seconds_left() < 125
        assert seconds_left() > 990
    with share(0.5, Limits(max_seconds=8)):
        assert 3.9 < seconds_left() <= 4
        not_counted(-10)
        with pytest.raises(ConstraintTooLarge, match="max_seconds=16") as caught:
            look()
        assert "its share of 8 seconds" in caught.value.message


def test_what_is_not_counted_is_given_back() -> None:
    with limited(Limits(max_seconds=100)) as account:
        with uncounted():
            work(2_000_000)
        assert seconds_left() > 99.99
    assert account.seconds < 0.01


def test_threads_have_accounts_of_their_own() -> None:
    seen: list[float] = []
    with limited(Limits(max_seconds=5)):
        thread = threading.Thread(target=lambda: seen.append(seconds_left()))
        thread.start()
        thread.join()
    assert seen == [float("inf")]


def test_pythons_own_limits_are_told_like_ours() -> None:
    def endless(depth: int) -> int:
        return endless(depth + 1)

    with pytest.raises(ConstraintTooLarge, match="nested too deeply") as caught, limited():
        endless(0)
    assert caught.value.rule == "nesting depth"
    with pytest.raises(ConstraintTooLarge, match="no memory left"), limited():
        raise MemoryError


def test_what_are_no_limits() -> None:
    with pytest.raises(InvalidConstraint, match="limits are given"), limited(5):  # type: ignore[arg-type]
        pass


def test_a_search_takes_no_more_than_the_request_has() -> None:
    with limited(Limits(max_seconds=1)):
        clock = SearchTime(10)
        assert 0.75 < clock.seconds <= 0.8
        with clock.running():
            not_counted(-1)
            assert clock.left == 0
    assert SearchTime(10).seconds == 10


REQUESTS: dict[str, Callable[[], Any]] = {
    "regex": lambda: cg.regex("[ab]{1,9}x").automaton,
    "schema": lambda: cg.json_schema({"type": "object", "properties": {"kind": {"pattern": "^[xyz]{3}$"}}}),
    "grammar": lambda: cg.grammar('start: "q" start | "w"'),
    "choice": lambda: cg.choice([f"option {n}" for n in range(300)]).automaton,
    "template": lambda: cg.template("{one} and {two}", one=int, two=cg.regex("[hj]+")).automaton,
    "text": lambda: cg.text(3, 44).automaton,
    "algebra": lambda: (cg.regex("[gh]+") & ~cg.regex(".*gg.*")).automaton,
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_every_front_end_is_charged(kind: str) -> None:
    with pytest.raises(ConstraintTooLarge) as caught, limited(Limits(max_seconds=-1)):
        REQUESTS[kind]()
    assert caught.value.rule == "max_seconds" or kind == "grammar"
    with limited() as account:
        REQUESTS[kind]()
    assert account.held > 0
    assert account.seconds > 0


def test_several_constraints_of_one_request_share_its_seconds() -> None:
    with limited(Limits(max_seconds=3600)) as account:
        cg.regex("[mn]{3}o").automaton
        one = account.seconds
        cg.regex("[mn]{4}o").automaton
    assert account.seconds > one


def test_refusals_are_remembered_and_those_for_want_of_time_for_a_while() -> None:
    now = [0.0]
    asked: list[str] = []

    def refuse(rule: str) -> int:
        asked.append(rule)
        raise ConstraintTooLarge("too large", rule=rule, value=1)

    once: Once[int] = Once(4, clock=lambda: now[0])
    for rule in ("max_states", "max_seconds"):
        for _ in range(3):
            with pytest.raises(ConstraintTooLarge, match="too large") as caught:
                once.get(rule, lambda rule=rule: refuse(rule))
            assert caught.value.rule == rule
    assert asked == ["max_states", "max_seconds"]
    now[0] = 61.0
    with pytest.raises(ConstraintTooLarge):
        once.get("max_seconds", lambda: refuse("max_seconds"))
    assert once.get("max_seconds2", lambda: 5) == 5
    assert asked[2:] == ["max_seconds"]


def test_other_errors_are_not_remembered() -> None:
    once: Once[int] = Once(4)

    def late() -> int:
        raise TimeLimit("too late")

    with pytest.raises(TimeLimit):
        once.get("a", late)
    assert once.get("a", lambda: 3) == 3
    with pytest.raises(Unsatisfiable):
        once.get("b", lambda: (_ for _ in ()).throw(Unsatisfiable("none")))


def test_remembered_values_are_bounded_in_bytes() -> None:
    once: Once[int] = Once(100, max_bytes=1000, weigh=lambda value: value)

    def made(value: int) -> int:
        hold(100)
        return value

    with limited():
        for number in range(50):
            once.get(number, lambda number=number: made(number))
            assert once.num_bytes <= 1000
        assert once.get(49, lambda: -1) == 49
        assert once.get(0, lambda: -1) == -1
        assert once.get("x" * 2000, lambda: 7) == 7  # more than all may hold: alone
        assert once.num_bytes > 1000
        assert once.get("y", lambda: 8) == 8
        assert once.num_bytes <= 1000


def test_caches_are_emptied_after_a_generation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KEPT, "mine", lambda: None)
    calls: list[int] = []

    def double(number: int) -> int:
        calls.append(number)
        return 2 * number

    cached = kept(16)(double)
    assert [cached(2), cached(2), cached(3)] == [4, 4, 6]
    assert calls == [2, 3]
    count_made(GENERATION + 1)
    assert cached(2) == 4
    assert calls == [2, 3, 2]
    del KEPT[f"{double.__module__}.{double.__qualname__}"]


def test_a_request_may_need_what_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConstraintTooLarge) as caught:
        cg.generate("a", regex="[cd]{1,7}e", limits=cg.Limits(max_seconds=-1))
    assert caught.value.rule == "max_seconds"
    assert cg.generate("a", regex="[cd]{1,7}e", max_denoising_steps=1, on_step_limit="return").endswith("e")


def test_the_states_of_a_request_hold_for_constraints_without_limits_of_their_own() -> None:
    with pytest.raises(ConstraintTooLarge) as caught, limited(Limits(max_states=20)):
        _ = cg.literal("qr" * 25).automaton
    assert caught.value.value == 20
    with pytest.raises(ConstraintTooLarge), limited(Limits(max_states=20)):
        _ = cg.choice(["rq" * 25], limits=Limits(max_states=1_000)).automaton
    with limited(Limits(max_states=20)):
        assert in_force(Limits(max_states=10)).max_states == 10
    with limited():  # nobody asked for these
        assert in_force(Limits(max_states=1_000_000)).max_states == 1_000_000
    assert in_force(DEFAULT_LIMITS) is DEFAULT_LIMITS
