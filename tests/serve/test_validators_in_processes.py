"""A validator that never ends, that grabs memory or holds the interpreter's lock ends alone."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import operator_checks
import pytest
from asking import chat

import canvasgen as cg
from canvasgen.denoise.validators import NoJudgement, refusal
from canvasgen.errors import InvalidConstraint, ModelError, ValidationFailed
from canvasgen.scheduling import Scheduler
from canvasgen.serve.own_processes import Allowed
from canvasgen.serve.routes.application import create_app
from canvasgen.serve.settings import ServeSettings
from canvasgen.serve.validating.imported import imported
from canvasgen.serve.validating.validator_calls import Judging, Validators

FOLDER = str(Path(__file__).parent)
ALLOWED = Allowed(1000.0, 400_000_000)


@contextmanager
def validators(allowed: Allowed = ALLOWED) -> Iterator[Validators]:
    made = Validators(imported(FOLDER, "operator_checks"), allowed, deadline=3600)
    made.start()
    try:
        yield made
    finally:
        made.close()


def children_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def process_of(made: Validators) -> int:
    assert made._process is not None
    return made._process.pid


def wait_for(count: int, made: Validators) -> list[int]:
    while len(found := children_of(process_of(made))) != count:
        pass
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_a_validator_says_is_what_it_says_in_a_thread() -> None:
    """`refusal` gives the same reasons, whether it calls a function or has it called."""

    def said(function: Any, value: str) -> str | None:
        try:
            return refusal(value, None, [function])
        except ValidationFailed as error:
            return str(error)

    with validators() as made:
        judging = Judging(made)
        for name in ("is_short", "is_short_by_numpy", "asserts_short", "breaks", "prints"):
            for value in ("short", "much too long"):
                there = said(judging.by_name(name), value)
                assert there == said(operator_checks.VALIDATORS[name], value)
        assert made.ended == 0


def test_how_a_call_ends_is_told() -> None:
    with validators() as made:
        judging = Judging(made)
        for name, told in (
            ("leaves", "raised SystemExit, no judgement: 3"),
            ("ends", r"code 3"),
            ("crashes", "SIGSEGV"),
            ("grabs", "beyond 400 MB"),
        ):
            with pytest.raises(NoJudgement, match=told):
                judging.by_name(name)("x")
        assert made.ended == 3
        assert judging.by_name("is_short")("x")
        with pytest.raises(
            ValidationFailed, match="the validator grabs was ended beyond 400 MB of memory, no"
        ):
            refusal("x", None, [judging.by_name("grabs")])


@pytest.mark.slow
def test_cpu_seconds_are_bounded() -> None:
    with validators(Allowed(0.1, 400_000_000)) as made:
        judging = Judging(made)
        for name in ("spins", "holds_the_lock"):
            with pytest.raises(NoJudgement, match=r"was ended after 0.1 CPU seconds"):
                judging.by_name(name)("x")


def test_others_are_judged_meanwhile_and_who_leaves_ends_what_runs() -> None:
    hostile = ("sleeps", "sleeps_with_the_lock", "holds_the_lock", "spins", "leaves_a_process")
    with validators() as made, ThreadPoolExecutor(len(hostile)) as threads:
        leaving, staying = Judging(made), Judging(made)
        calls = [threads.submit(leaving.by_name(name), "x") for name in hostile]
        found = wait_for(len(hostile), made)
        while not any(children_of(pid) for pid in found):
            pass
        (left,) = (one for pid in found for one in children_of(pid))
        assert staying.by_name("is_short")("x")
        assert not any(call.done() for call in calls)
        leaving.close()
        for call in calls:
            assert isinstance(call.exception(), NoJudgement)
        wait_for(0, made)
        while is_alive(left):
            pass
        with pytest.raises(NoJudgement, match="over"):
            leaving.by_name("is_short")("x")
        assert staying.by_name("is_short")("x")


def test_a_process_that_is_killed_is_started_anew() -> None:
    with validators() as made, ThreadPoolExecutor(1) as threads:
        judging = Judging(made)
        first = process_of(made)
        os.kill(first, signal.SIGKILL)
        assert judging.by_name("is_short")("x")
        assert process_of(made) != first
        with pytest.raises(NoJudgement, match="ended the process that called it"):
            judging.by_name("kills_its_parent")("x")
        under_way = threads.submit(judging.by_name("sleeps"), "x")
        (child,) = wait_for(1, made)
        made.close()
        assert isinstance(under_way.exception(), NoJudgement)
        while is_alive(child):
            pass


def test_functions_that_cannot_go_there_are_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidConstraint, match="threads"):
        Validators({"own": Scheduler().submit}, ALLOWED, deadline=1)
    (tmp_path / "only_once.py").write_text(
        f"import os\nassert os.getpid() == {os.getpid()}, 'not here'\nVALIDATORS = {{'a': bool}}\n"
    )
    made = Validators(imported(str(tmp_path), "only_once"), ALLOWED, deadline=1)
    with pytest.raises(InvalidConstraint, match="not here"):
        made.start()
    made.close()
    Validators({}, ALLOWED, deadline=1).start()


def test_a_process_that_does_not_start_is_an_error_of_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("canvasgen.serve.validating.validator_calls.command", lambda *_: ["false"])
    made = Validators({"a": operator_checks.is_short}, ALLOWED, deadline=1)
    with pytest.raises(ModelError, match="died"):
        refusal("x", None, [Judging(made).by_name("a")])
    made.close()


@pytest.mark.slow
def test_a_server_goes_on_answering(engine: cg.Engine) -> None:
    """Requests with bad validators beside good ones: each ends with its own error, the good ones with answers."""
    own = cg.Engine(engine._loaded, scheduler=Scheduler(size=16))
    settings = ServeSettings(
        compilers=1,
        deadline=3600,
        validators=operator_checks.VALIDATORS,
        validator_seconds=0.1,
        validator_bytes=400_000_000,
    )
    app = create_app(own, settings)
    app.state.house.is_ready = True
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)

    async def run() -> None:
        async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=None) as client:

            async def ask(name: str, **more: Any) -> httpx.Response:
                extension = {"max_denoising_steps": 2, "validators": [name], **more}
                return await client.post("/v1/chat/completions", json=chat(max_tokens=8, canvasgen=extension))

            bad = ("spins", "holds_the_lock", "grabs", "crashes", "breaks")
            asked = [asyncio.create_task(ask(name)) for name in bad]
            sleeping = asyncio.create_task(ask("sleeps", timeout=5))
            good = [await ask("prints") for _ in range(3)]
            assert [one.status_code for one in good] == [200] * 3
            for name, answer in zip(bad, await asyncio.gather(*asked), strict=True):
                error = answer.json()["error"]
                assert (answer.status_code, error["code"]) == (422, "validation_failed")
                assert f"the validator {name}" in error["message"]
            assert (await sleeping).status_code == 408
            assert (await ask("prints")).status_code == 200
            metrics = (await client.get("/metrics")).text
            assert 'canvasgen_validators_ended{model_name="canvasgen"} 4.0' in metrics

    try:
        asyncio.run(run())
    finally:
        app.state.house.runner._validators.close()
