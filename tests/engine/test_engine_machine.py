"""An engine under any order of requests, broken streams, refusals and evictions: each answer is what it is alone."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import canvasgen as cg
from canvasgen.denoise import Defaults, Uniform
from canvasgen.engine import Engine
from canvasgen.errors import CanvasgenError
from canvasgen.limits.generations import forget
from canvasgen.models.loading import Loaded
from canvasgen.models.prompts import GreedyPrompts
from canvasgen.tokens.cache import clear_memory
from canvasgen.vocabulary import Vocabulary

LETTERS = Vocabulary([None, None, b"\n", *(bytes([byte]) for byte in range(32, 127))], end_ids=[1], pad_id=0)


class Likes:
    """A model that likes some letters better than others; a prompt with `!` gets logits that are no numbers."""

    vocabulary = LETTERS
    vocab_size = LETTERS.size
    canvas_length = 8
    max_context = 64
    noise = Uniform()
    defaults = Defaults(max_tokens=8)

    def prefill(self, prompts: Any) -> Any:
        return tuple(tuple(prompt) for prompt in prompts)

    def select(self, context: Any, rows: Any) -> Any:
        return tuple(context[row] for row in rows)

    def join(self, contexts: Any) -> Any:
        return tuple(read for context in contexts for read in context)

    def commit(self, context: Any, ids: Any) -> Any:
        return tuple((*read, *block.tolist()) for read, block in zip(context, ids, strict=True))

    def denoise(self, context: Any, canvas: Any, self_conditioning: Any, conditioned: Any = None) -> Any:
        liked = torch.arange(self.vocab_size) % 7
        logits = liked.float().expand(*canvas.shape, -1).clone()
        for row, read in enumerate(context):
            if read[:1] == (LETTERS.tokens.index(b"!"),):
                logits[row] = float("nan")
        return logits


REQUESTS: dict[str, dict[str, Any]] = {
    "choice": {"prompt": "a", "choice": ["yes", "no"]},
    "regex": {"prompt": "b", "regex": "[a-d]{2,5}"},
    "schema": {"prompt": "c", "schema": {"type": "integer", "minimum": 10, "maximum": 99}},
    "template": {"prompt": "d", "template": "<{x}>", "max_tokens": 8},
    "broken": {"prompt": "!", "choice": ["yes", "no"]},
    "malformed": {"prompt": "e", "regex": "("},
    "too large": {"prompt": "f", "regex": "[ab]*a[ab]{9}", "limits": cg.Limits(max_states=20)},
    "no seconds": {"prompt": "g", "regex": "[abc]{3}", "limits": cg.Limits(max_seconds=-1)},
    "no tokens": {"prompt": "h", "regex": "[ab]{6}", "max_tokens": 2},
    "refused": {"prompt": "i", "choice": ["yes", "no"], "validators": [lambda value: False]},
    "long prompt": {"prompt": "word " * 2000, "choice": ["yes", "no"]},
}
USUAL = {"seed": 3, "max_denoising_steps": 3, "on_step_limit": "return"}
KINDS = st.sampled_from(list(REQUESTS))


def engine() -> Engine:
    model: Any = Likes()
    return Engine(Loaded(model, GreedyPrompts(LETTERS)))


def ending(made: Any) -> Any:
    """What a request came to: a text, or an error's kind and rule."""
    return (type(made).__name__, made.rule) if isinstance(made, CanvasgenError) else made.text


def asked(one: Engine, kind: str) -> Any:
    try:
        return ending(one.complete(**USUAL, **REQUESTS[kind]))
    except CanvasgenError as error:
        return ending(error)


@lru_cache(maxsize=32)
def alone(kind: str) -> Any:
    return asked(engine(), kind)


class Server(RuleBasedStateMachine):
    """One engine, asked in every way."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = engine()

    @rule(kind=KINDS)
    def complete(self, kind: str) -> None:
        assert asked(self.engine, kind) == alone(kind)

    @rule(kinds=st.lists(KINDS, max_size=6), size=st.integers(1, 4))
    def batch(self, kinds: list[str], size: int) -> None:
        requests = [USUAL | REQUESTS[kind] for kind in kinds]
        results = self.engine.batch(requests, size=size, errors="return")
        assert [ending(one) for one in results] == [alone(kind) for kind in kinds]

    @rule(kind=KINDS, events=st.integers(0, 3))
    def stream_that_is_left(self, kind: str, events: int) -> None:
        came: Any = alone(kind)
        try:
            going = self.engine.stream(**USUAL, **REQUESTS[kind])
            for _ in zip(range(events), going, strict=False):
                pass
        except CanvasgenError as error:
            came = ending(error)
        assert came == alone(kind)

    @rule()
    def evict(self) -> None:
        clear_memory()
        forget()

    @invariant()
    def no_account_stays_open(self) -> None:
        from canvasgen.limits import seconds_left

        assert seconds_left() == float("inf")


TestServer = Server.TestCase
TestServer.settings = settings(max_examples=8, stateful_step_count=10, deadline=None)


def test_the_requests_end_in_different_ways() -> None:
    endings = {kind: alone(kind) for kind in REQUESTS}
    assert endings["choice"] in ("yes", "no")
    assert endings["broken"] == ("ModelError", "NaN logits")
    assert endings["too large"] == ("ConstraintTooLarge", "max_states")
    assert endings["no seconds"] == ("ConstraintTooLarge", "max_seconds")
    assert endings["no tokens"][0] == "BudgetTooSmall"
    assert endings["refused"][0] == "ValidationFailed"
    assert endings["long prompt"] == ("ModelError", "context length")
