"""What every host is held to: the same logits and random numbers lead to the same tokens as in canvasgen's own loop.

`reference` runs the requests in the own loop; a host's test runs them there and compares. Where a host cannot do the same
(it draws its own random numbers, it has one tensor for several things), its test says what holds instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import gemma_toys
import torch

import canvasgen as cg
from canvasgen.denoise import Completion, Denoiser, Policy, run
from canvasgen.engine import Engine
from canvasgen.errors import CanvasgenError
from canvasgen.integrations import Move, Session, Sessions
from canvasgen.models.diffusion_gemma import DiffusionGemma
from canvasgen.relations import all_different as different
from canvasgen.vocabulary import Vocabulary

CANVAS = gemma_toys.CANVAS
BUDGET = 3 * CANVAS
SIZE = 100

REQUESTS: Mapping[str, Mapping[str, Any]] = {
    "free": {},
    "schema": {"schema": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}},
    "regex": {"regex": "[A-Z]{2}[0-9]{3}"},
    "choice": {"choice": ["YES", "NO", "MAYBE"]},
    "grammar": {"grammar": 'start: "X" ("+" "X")*'},
    "template": {"template": "FROM {WHO} TO {WHOM}."},
    "several canvases": {"regex": "[A-Z ]{20,40}"},
    "holes that agree": {"template": cg.template("{X} IS {X}.", X=cg.regex("[AB]{1,2}"))},
    "fixed": {"constraint": cg.regex("[A-Z]{4,8}") & cg.fixed({2: "Q"})},
    "table": {"table": cg.table(1, 3, [1, 2, 3], lambda about: [different(about.rows[0])], layout="plain")},
    "edit": {"constraint": cg.edit("AB CD", "CD", cg.choice(["XY", "Z"]))},
    "infill": {"constraint": cg.infill("F(", ")", cg.regex("[0-9]{1,3}"))},
    "think first": {"constraint": cg.text(until="#") + cg.regex("[A-Z]{2}")},
    "refused": {"regex": "[A-Z]{3}", "validators": [lambda text: text > "M"]},
    "impossible": {"regex": "[A-Z]{3}", "validators": [lambda text: False]},
    "greedy": {"regex": "[A-Z]{5}", "temperature": 0},
    "quick": {"regex": "[A-Z]{1,30}", "max_denoising_steps": 3},
}


def engine(seed: int = 0) -> Engine:
    """A random DiffusionGemma over ASCII characters."""
    return cg.load(DiffusionGemma(gemma_toys.model(seed, vocab_size=SIZE), vocabulary()))


def vocabulary() -> Vocabulary:
    letters = [bytes([byte]) for byte in (10, *range(32, 127))]
    return Vocabulary([None, None, None, *letters, None], end_ids=[gemma_toys.END], pad_id=gemma_toys.PAD)


def options(name: str, at: int) -> dict[str, Any]:
    return {"max_tokens": BUDGET, "max_denoising_steps": 8, "seed": 7 * at} | dict(REQUESTS[name])


def reference(loop: Engine, name: str, at: int, prompt: str, policy: Policy | None = None, **settings: Any):
    """What the own loop writes, as `Completion.token_ids`; or the kind of its error."""
    try:
        job = loop.prepare(prompt, **options(name, at), **settings)
        return outcome_of(run(loop.denoiser, [replace(job, starts=job.starts[-1:])], policy=policy)[0])
    except CanvasgenError as error:
        return type(error).__name__


def outcome_of(ended: Completion | CanvasgenError):
    if isinstance(ended, CanvasgenError):
        return type(ended).__name__
    return ended.token_ids, ended.steps, ended.outcome


class Host:
    """A plain engine: it runs the model and does what the sessions say.

    Attributes:
        denoiser: the model.
        sessions: the requests.
        as_numpy: whether the logits are given as numpy arrays.
    """

    def __init__(self, denoiser: Denoiser, sessions: Sessions, *, as_numpy: bool = False) -> None:
        self.denoiser = denoiser
        self.sessions = sessions
        self.as_numpy = as_numpy
        self._contexts: dict[int, Any] = {}
        self._known: dict[int, torch.Tensor] = {}
        self._steps: dict[int, int] = {}

    def add(self, session: Session) -> None:
        self._contexts[session.number] = self.denoiser.prefill([session.prompt])

    def step(self, going: Sequence[Session], temperatures: Sequence[float]) -> list[Move]:
        """One step of some requests together."""
        context = self.denoiser.join([self._contexts[one.number] for one in going])
        known = [self._known.get(one.number) for one in going]
        conditioned = torch.tensor([one is not None for one in known])
        zeros = torch.zeros(self.denoiser.canvas_length, self.denoiser.vocab_size)
        fed = torch.stack([zeros if one is None else one for one in known])
        canvas = torch.stack([one.canvas for one in going])
        logits = self.denoiser.denoise(
            context, canvas, fed if conditioned.any() else None, conditioned if conditioned.any() else None
        )
        moves = self.sessions.step(going, logits.numpy() if self.as_numpy else logits, temperatures)
        for session, move, own, heat in zip(going, moves, logits, temperatures, strict=True):
            number = session.number
            self._known[number] = own / heat
            if move.begins:
                del self._known[number]
            if move.block is not None and not move.is_over:
                block = torch.tensor([move.block])
                self._contexts[number] = self.denoiser.commit(self._contexts[number], block)
        return moves
