"""Counts of a worker on their way to the API server, and what a slot counts; vLLM's part is in `tests/hosts`."""

from __future__ import annotations

import threading
from itertools import islice
from types import SimpleNamespace

import pytest
import torch
from host_contract import BUDGET, CANVAS, SIZE, engine

import canvasgen as cg
from canvasgen.integrations import HostModel, Sessions
from canvasgen.integrations.compiling import shared_folder
from canvasgen.integrations.vllm import rejections
from canvasgen.integrations.vllm.counting import CONDITIONING, FAILURE, STEPS, Teller, listen, told
from canvasgen.integrations.vllm.ending import KEY
from canvasgen.integrations.vllm.slot_sessions import Slots


@pytest.fixture
def folder(tmp_path, monkeypatch):
    tmp_path.chmod(0o700)
    monkeypatch.setenv(shared_folder.NAME, str(tmp_path))
    return tmp_path


def taken(listening, count):
    return list(islice(told(listening), count))


def test_events_wait_for_a_reader(folder):
    teller = Teller()
    teller.tell(STEPS, 3)
    listening = listen(folder)
    assert listening is not None
    assert listen(folder) is None  # a second API server
    teller.tell(CONDITIONING, 0.5)
    assert taken(listening, 2) == [(STEPS, 3), (CONDITIONING, 0.5)]
    listening.close()


def test_a_full_socket_blocks_nobody_and_loses_nothing(folder):
    listening = listen(folder)
    teller = Teller()
    for number in range(2000):  # more than a socket takes
        teller.tell(STEPS, number)
    found: list[float] = []
    reader = threading.Thread(target=lambda: found.extend(value for _, value in taken(listening, 2000)))
    reader.start()
    while reader.is_alive():
        teller.flush()  # at each step of the engine
        reader.join(0.001)
    assert found == list(range(2000))
    listening.close()


def test_without_a_folder_nothing_is_told(monkeypatch):
    monkeypatch.delenv(shared_folder.NAME, raising=False)
    Teller().tell(FAILURE, 1)


def test_a_folder_that_others_may_read_is_none(folder):
    assert shared_folder.shared_folder() == folder
    folder.chmod(0o755)
    assert shared_folder.shared_folder() is None


def test_rejections_are_told_by_kind():
    found: list[str] = []
    rejections.report_to(found.append)
    rejections.rejected(cg.errors.InvalidConstraint("x", rule="what a client may choose"))
    assert found == ["InvalidConstraint"]


class Told(Slots):
    """Slots whose counts are kept."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.counts: list[tuple[str, float]] = []

    def _tell(self, event, value):
        self.counts.append((event, value))


def added(slots, slot, request, pattern):
    params = SimpleNamespace(extra_args={KEY: f'{{"regex": "{pattern}", "seed": 1}}'}, max_tokens=BUDGET)
    data = SimpleNamespace(
        req_id=request, prompt_token_ids=[5], prefill_token_ids=[5], sampling_params=params
    )
    slots.add(slot, data)


@pytest.fixture
def slots():
    made = cg.load(HostModel.of(engine().denoiser))
    ticks = iter(range(1000))
    return Told(Sessions(made), made, 8, clock=lambda: float(next(ticks)))


def test_the_steps_of_a_canvas_are_counted(slots):
    added(slots, 0, "r", "[A-Z]{3}")
    steps = 0
    while slots.is_denoising(0):
        slots.step([0], torch.randn(1, CANVAS, SIZE, generator=torch.Generator().manual_seed(steps)))
        steps += 1
    assert slots.counts == [(STEPS, steps)]


def test_a_failed_request_is_counted(slots):
    added(slots, 0, "r", "[a-z]{9}")
    slots.step([0], torch.full((1, CANVAS, SIZE), torch.nan))
    assert slots.counts == [(FAILURE, 1)]


def test_the_share_of_conditioning_is_that_of_steps_without_a_pause(slots):
    """The clock ticks once at each reading: `step` takes 1, `end_step` comes 1 later."""
    logits = torch.zeros(1, CANVAS, SIZE)
    added(slots, 0, "a", "[a-z]{20,30}")
    slots.step([0], logits)  # reads 0, 1
    slots.end_step([0])  # 2: nothing known of before
    slots.step([0], logits)  # 3, 4
    slots.end_step([0])  # 5: one of three
    assert [count for count in slots.counts if count[0] == CONDITIONING] == [
        (CONDITIONING, pytest.approx(1 / 3))
    ]
    added(slots, 0, "b", "[a-z]{20,30}")
    slots.step([0], logits)
    slots.end_step([0])  # another request: there may have been a pause
    assert len([count for count in slots.counts if count[0] == CONDITIONING]) == 1
