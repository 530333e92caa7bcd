"""Sessions inside of a plain engine, against the own loop."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from host_contract import BUDGET, CANVAS, REQUESTS, SIZE, Host, engine, options, outcome_of, reference

import canvasgen as cg
from canvasgen.denoise.schedule import Schedule
from canvasgen.errors import InvalidConstraint, ModelError, Unsatisfiable
from canvasgen.integrations import HostModel, Sessions
from canvasgen.integrations.hosted_folder import engine_of_folder
from canvasgen.models.embedded import tiny

NAMES = list(REQUESTS)


@pytest.fixture(scope="module")
def loop():
    return engine()


def temperature(session) -> float:
    return session.temperature


def prompt_of(at: int) -> str:
    return "HELLO " + "ABC" * (at % 5)


@pytest.mark.slow
@pytest.mark.parametrize("as_numpy", [False, True], ids=["torch", "numpy"])
def test_requests_that_come_and_go_write_what_the_own_loop_writes(loop, as_numpy):
    sessions = Sessions(loop)
    host = Host(loop.denoiser, sessions, as_numpy=as_numpy)
    live, names, ended = [], {}, {}
    coming = list(enumerate(NAMES))
    turn = 0
    while coming or live:
        for at, name in [coming.pop(0) for _ in range(min(3, len(coming)))]:
            session = sessions.open(prompt_of(at), **options(name, at))
            host.add(session)
            live.append(session)
            names[session.number] = (at, name)
        going = [one for one in live if (one.number + turn) % 3] or live  # the others rest
        turn += 1
        for session, move in zip(going, host.step(going, [temperature(one) for one in going]), strict=True):
            if move.is_over:
                live.remove(session)
                ended[session.number] = outcome_of(move.completion or move.error)
                assert session.is_over
                if move.completion is not None:
                    assert session.written == move.completion.token_ids
    expected = {n: reference(loop, name, at, prompt_of(at)) for n, (at, name) in names.items()}
    assert ended == expected
    assert expected[NAMES.index("impossible")] == "ValidationFailed"
    assert len({steps for _, steps, _ in (e for e in expected.values() if not isinstance(e, str))}) > 3


def test_state_budget_and_position_are_carried_over_blocks(loop):
    sessions = Sessions(loop)
    session = sessions.open("HELLO", regex="[A-Z ]{20,40}", max_tokens=BUDGET, seed=1)
    assert session.prompt == tuple(loop.encode("HELLO", cg.regex("[A-Z ]{20,40}")))
    constraint = cg.regex("[A-Z ]{20,40}").compile(loop.vocabulary)
    host = Host(loop.denoiser, sessions)
    host.add(session)
    seen = [(session.state, session.budget.here, session.budget.after, session.position)]
    while not session.is_over:
        (move,) = host.step([session], [temperature(session)])
        if move.block is not None and not move.is_over:
            assert move.begins
            assert session.state == constraint.advance(session.written)
            seen.append((session.state, session.budget.here, session.budget.after, session.position))
    length = loop.denoiser.canvas_length
    before = len(session.prompt)
    assert [one[1:] for one in seen] == [
        (length, BUDGET - (block + 1) * length, before + block * length) for block in range(len(seen))
    ]
    assert len(seen) > 1


def test_the_engines_temperature_counts_and_not_the_sessions(loop):
    sessions = Sessions(loop)
    logits = torch.randn(loop.denoiser.canvas_length, loop.denoiser.vocab_size) * 3
    session = sessions.open("A", regex="[A-Z]{5,9}", max_tokens=16, seed=3, temperature=0.5)
    move = session.step(logits, temperature=2.0)
    expected = cg.regex("[A-Z]{5,9}").compile(loop.vocabulary).condition(logits / 2.0)
    assert (move.best.numpy() == expected.best).all()
    trace = session._sessions._batch.seat(session.number).row.trace
    assert trace[-1].log_partition == pytest.approx(expected.log_partition, abs=1e-4)
    assert Schedule(0.5, 0.5, 8).temperature(1) == 0.5


def test_logits_are_not_changed(loop):
    sessions = Sessions(loop)
    logits = torch.randn(loop.denoiser.canvas_length, loop.denoiser.vocab_size)
    before = logits.clone()
    sessions.open("A", regex="[A-Z]{5}", max_tokens=16).step(logits, 0.3)
    assert torch.equal(logits, before)


def test_a_session_that_fails_leaves_the_others_alone(loop):
    length, size = loop.denoiser.canvas_length, loop.denoiser.vocab_size
    logits = torch.randn(2, length, size, generator=torch.Generator().manual_seed(0))
    alone = Sessions(loop).open("A", regex="[A-Z]{5}", max_tokens=16, seed=1).step(logits[0])
    sessions = Sessions(loop)
    good = sessions.open("A", regex="[A-Z]{5}", max_tokens=16, seed=1)
    bad = sessions.open("A", regex="[A-Z]{5}", max_tokens=16, seed=2)
    logits[1, 3] = torch.nan
    first, second = sessions.step([good, bad], logits)
    assert torch.equal(first.canvas, alone.canvas)
    assert torch.equal(first.best, alone.best)
    assert isinstance(second.error, ModelError)
    assert "position 3" in str(second.error)
    assert bad.is_over
    with pytest.raises(ModelError, match="not over"):
        sessions.step([good, bad], logits)


@pytest.mark.parametrize(
    ("shape", "rule"),
    [((1, CANVAS, 3), "logits"), ((2, CANVAS, SIZE), "logits"), ((1, 4, SIZE), "logits")],
    ids=["vocabulary", "rows", "canvas"],
)
def test_shapes_are_checked(loop, shape, rule):
    sessions = Sessions(loop)
    session = sessions.open("A", regex="[A-Z]{5}", max_tokens=16)
    with pytest.raises(ModelError) as raised:
        sessions.step([session], torch.zeros(shape))
    assert str(raised.value.rule).startswith(rule)
    assert session.step(torch.zeros(CANVAS, SIZE)).error is None  # and it goes on


def test_wrong_steps_are_refused(loop):
    sessions = Sessions(loop)
    session = sessions.open("A", regex="[A-Z]{5}", max_tokens=16)
    with pytest.raises(ModelError, match="one session"):
        sessions.step([], torch.zeros(0, CANVAS, SIZE))
    with pytest.raises(ModelError, match="each once"):
        sessions.step([session, session], torch.zeros(2, CANVAS, SIZE))
    with pytest.raises(ModelError, match="temperature"):
        session.step(torch.zeros(CANVAS, SIZE), temperature=0.0)
    session.close()
    with pytest.raises(ModelError, match="not over"):
        session.step(torch.zeros(CANVAS, SIZE))


def test_a_session_takes_the_last_of_several_starts(loop):
    job = loop.prepare("A", constraint=cg.infill("HELLO ", " WORLD"), max_tokens=BUDGET)
    assert len(job.starts) > 1
    session = Sessions(loop).begin(job)
    assert session.canvas.shape == (loop.denoiser.canvas_length,)


def test_a_host_model_alone_makes_an_engine(loop):
    made = cg.load(HostModel(loop.vocabulary, CANVAS))
    session = Sessions(made).open("A", choice=["YES", "NO"], prompt_ids=[5, 6, 7])
    assert session.prompt == (5, 6, 7)
    assert session.step(np.zeros((CANVAS, SIZE), np.float32)).error is None


class TestAdvance:
    @pytest.mark.parametrize(
        "constraint",
        [cg.regex("AB+"), cg.regex("[AB]{2,5}") & cg.fixed({1: "B"})],
        ids=["automaton", "positions"],
    )
    def test_it_is_the_state_that_a_posterior_has(self, loop, constraint):
        compiled = constraint.compile(loop.vocabulary)
        posterior = compiled.condition(np.zeros((4, SIZE), np.float32), remaining=4)
        for canvas in posterior.sample(8, seed=0):
            assert compiled.advance(canvas) == posterior.end_state(canvas)
            halfway = compiled.advance(canvas[:2])
            assert compiled.advance(canvas[2:], halfway, offset=2) == posterior.end_state(canvas)

    def test_what_is_behind_the_end_is_not_read(self, loop):
        compiled = cg.regex("AB").compile(loop.vocabulary)
        a, b = loop.tokens("AB")
        assert compiled.advance([a, b, 1, a, a]) == compiled.token_automaton.ended
        assert compiled.advance([a], compiled.token_automaton.ended) == compiled.token_automaton.ended

    def test_wrong_arguments_are_named(self, loop):
        compiled = cg.regex("AB").compile(loop.vocabulary)
        a, _ = loop.tokens("AB")
        with pytest.raises(Unsatisfiable, match="token 1"):
            compiled.advance([a, a])
        with pytest.raises(Unsatisfiable, match="token 1"):
            compiled.advance([a, 1])
        for wrong in ([999], ["A"], 3, [-1]):
            with pytest.raises(InvalidConstraint):
                compiled.advance(wrong)
        with pytest.raises(InvalidConstraint, match="state"):
            compiled.advance([a], 999)


def test_encode_is_the_prompt_that_complete_gives(loop):
    constraint = cg.regex("A+")
    assert loop.encode("HELLO") == loop.prepare("HELLO").prompt
    assert loop.encode("HELLO", constraint) == loop.prepare("HELLO", constraint=constraint).prompt
    with pytest.raises(InvalidConstraint, match="not a constraint"):
        loop.encode("HELLO", "A+")


class TestEngineOfAFolder:
    def test_it_is_the_models_but_for_the_weights(self):
        made, real = engine_of_folder(tiny.WEIGHTS), cg.load(tiny.WEIGHTS)
        assert made.vocabulary.fingerprint == real.vocabulary.fingerprint
        assert made.denoiser.canvas_length == real.denoiser.canvas_length
        assert made.denoiser.defaults.max_denoising_steps == real.denoiser.defaults.max_denoising_steps
        assert made.encode("Bob") == real.encode("Bob")

    def test_a_folder_that_is_none_is_named(self, tmp_path):
        with pytest.raises(ModelError, match="cannot be loaded"):
            engine_of_folder(tmp_path)
