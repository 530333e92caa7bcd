"""Tensor parallelism of the plugin, without vLLM: one rank decides, the others do the same."""

from __future__ import annotations

import json
from types import SimpleNamespace

import torch
from host_contract import BUDGET, CANVAS, SIZE, engine

import canvasgen as cg
from canvasgen.integrations import HostModel, Sessions
from canvasgen.integrations.vllm.ending import FAILED, KEY
from canvasgen.integrations.vllm.ranks import RankSlots, told_by_first
from canvasgen.integrations.vllm.slot_sessions import Slots

KINDS = {
    0: {"regex": "[a-z ]{20,40}", "seed": 2, "temperature": 4.0},
    2: {"choice": ["yes", "no"], "seed": 3},
    3: {"regex": "a{40}", "seed": 4, "budget": 3},
}


class Wire:
    """What the ranks share, the first one before the others."""

    def __init__(self):
        self.told, self.sizes = [], []

    def first(self, values):
        self.told.append(values.clone())
        return values

    def other(self, values):
        assert values.shape == self.told[0].shape
        assert not values.any()
        return self.told.pop(0)


def new(slot, budget=BUDGET, **written):
    params = SimpleNamespace(extra_args={KEY: json.dumps(written)} if written else None, max_tokens=budget)
    return SimpleNamespace(
        req_id=f"r{slot}", prompt_token_ids=[5, 6], prefill_token_ids=[5, 6], sampling_params=params
    )


def never(slots):
    raise AssertionError("only the first rank reads logits")


def logits_of(turns):
    def made(slots):
        rows = []
        for slot in slots:
            generator = torch.Generator().manual_seed(int(turns[slot].canvas.sum()))
            rows.append(torch.randn(CANVAS, SIZE, generator=generator) * 4)
        return torch.stack(rows)

    return made


def same(one, other):
    assert one.keys() == other.keys()
    for slot, turn in one.items():
        assert torch.equal(turn.canvas, other[slot].canvas)
        assert turn[1:] == other[slot][1:]


def test_all_ranks_do_what_the_first_one_decides():
    made = cg.load(HostModel.of(engine().denoiser))
    wire = Wire()
    first = RankSlots(Slots(Sessions(made), made, 8), CANVAS, wire.first)
    other = RankSlots(None, CANVAS, wire.other)
    for rank in (first, other):
        assert [rank.add(slot, new(slot, **written)) for slot, written in KINDS.items()] == [True] * 3
        assert not rank.add(1, new(1))
        assert 1 not in rank
    turns = first.first(list(KINDS))
    same(turns, other.first(list(KINDS)))
    emitted = {slot: [] for slot in KINDS}
    for _ in range(60):
        for slot, turn in turns.items():
            if turn.commits:
                emitted[slot] += turn.canvas.tolist()
        going = [slot for slot in turns if not {1, FAILED} & set(emitted[slot])]
        for rank in (first, other):
            for slot in turns.keys() - set(going):
                rank.remove(slot)
                assert slot not in rank
        if not going:
            break
        before = turns
        turns = first.step(going, logits_of(before))
        same(turns, other.step(going, never))
        first.end_step()
        other.end_step()
    assert not wire.told
    text = made.vocabulary.text_bytes
    assert cg.regex("[a-z ]{20,40}").matches(text(emitted[0][: emitted[0].index(1)]).decode())
    assert text(emitted[2][: emitted[2].index(1)]).decode() in ("yes", "no")
    assert emitted[3][0] == FAILED


def test_one_rank_shares_nothing():
    assert told_by_first(SimpleNamespace(world_size=1)) is None
    made = cg.load(HostModel.of(engine().denoiser))
    rank = RankSlots(Slots(Sessions(made), made, 8), CANVAS)
    assert rank.first([]) == rank.step([], never) == {}
