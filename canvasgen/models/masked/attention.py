"""How a model of mask noise is told which positions see each other.

The code that comes with the published models takes the same mask in several forms, and versions of one model differ:
LLaDA2.0's wants 0 and −inf, LLaDA2.1's 1 and 0, the one that diffusers' `LLaDA2Pipeline` calls gets a row of ones and
makes its blocks itself; LLaDA's is given none, and SDAR's takes booleans. A wrong form raises no error in some of them and
makes every answer worse. So the form is found out: `probed` reads two blocks, changes one token, and looks who has seen it.
"""
# The models are the users' own:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from canvasgen.errors import ModelError

__all__ = ["FORMS", "Attention", "Form", "probed"]

Form = Literal["none", "additive", "zero-one", "bool", "ones"]
FORMS: Mapping[Literal["full", "blocks"], tuple[Form, ...]] = {
    "full": ("none",),
    "blocks": ("bool", "additive", "zero-one", "ones"),
}
"""The forms that are tried, by what is to be seen: everything, or one's own block and those before it."""

_WRONG_FORM = (ValueError, TypeError, RuntimeError, IndexError, AttributeError, AssertionError)
"""What a model raises that does not take a mask of some form."""


@dataclass(frozen=True)
class Attention:
    """One pass of a model over whole sequences.

    Attributes:
        call: the model: `(input_ids, attention_mask=…, position_ids=…)` -> an output with `logits` `[B, S, V]`.
        block: length of a block; None: every position sees every other one.
        form: of the mask.
        pad_id: what stands before the sequence where the model makes its own blocks.
        extra: further arguments of every call.
    """

    call: Callable[..., Any]
    block: int | None
    form: Form
    pad_id: int = 0
    extra: Mapping[str, Any] | None = None

    def logits(self, ids: Tensor, border: int) -> Tensor:
        """Return the logits `[B, S, V]` of sequences int64 `[B, S]`, of the model's own dtype.

        Args:
            ids: the sequences, all of one length.
            border: where a block begins; blocks are counted from there in both directions.
        """
        if self.form == "none":
            return self._called(ids)
        rows, length = ids.shape
        assert self.block is not None
        if self.form == "ones":
            return self._called_with_ones(ids, border)
        positions = torch.arange(length, device=ids.device)
        numbers = torch.div(positions - border, self.block, rounding_mode="floor")
        seen = (numbers[:, None] >= numbers[None, :]).expand(rows, 1, length, length)
        return self._called(ids, attention_mask=self._mask(seen), position_ids=positions.expand(rows, -1))

    def _mask(self, seen: Tensor) -> Tensor:
        if self.form == "bool":
            return seen
        dtype = self._dtype()
        ones = torch.ones((), dtype=dtype, device=seen.device)
        if self.form == "zero-one":
            return torch.where(seen, ones, 0 * ones)
        return torch.where(seen, 0 * ones, torch.finfo(dtype).min * ones)

    def _dtype(self) -> torch.dtype:
        parameters = getattr(self.call, "parameters", None)
        first = None if parameters is None else next(iter(parameters()), None)
        return torch.float32 if first is None else first.dtype

    def _called_with_ones(self, ids: Tensor, border: int) -> Tensor:
        """The model makes blocks from its first position on: unseen padding brings the border to a block's beginning."""
        assert self.block is not None
        rows, length = ids.shape
        missing = -border % self.block
        padded = torch.cat([ids.new_full((rows, missing), self.pad_id), ids], dim=1)
        mask = torch.ones_like(padded)
        mask[:, :missing] = 0
        positions = (torch.arange(missing + length, device=ids.device) - missing).clamp(min=0)
        logits = self._called(padded, attention_mask=mask, position_ids=positions.expand(rows, -1))
        return logits[:, missing:]

    def _called(self, ids: Tensor, **arguments: Any) -> Tensor:
        output = self.call(ids, **arguments, **(self.extra or {}))
        logits: Tensor = output.logits
        return logits


@torch.no_grad()
def probed(
    call: Callable[..., Any],
    block: int | None,
    ids: Tensor,
    other: int,
    *,
    pad_id: int = 0,
    extra: Mapping[str, Any] | None = None,
    forms: tuple[Form, ...] | None = None,
) -> Attention:
    """Return the model's attention with the first form of its mask under which it sees what it should.

    Args:
        call: as for `Attention`.
        block: as for `Attention`.
        ids: int64 `[S]`, a text for the probe: two blocks of it, or without blocks any few tokens.
        other: a token that none of them is.
        pad_id, extra: as for `Attention`.
        forms: to try; None: all that there are.

    Raises:
        ModelError: under no form does every position see its own block and those before it, and no later one.
    """
    tried: list[str] = []
    for form in forms or FORMS["full" if block is None else "blocks"]:
        attention = Attention(call, block, form, pad_id, extra)
        try:
            wrong = _wrong(attention, ids, other)
        except _WRONG_FORM as error:
            tried.append(
                f"{form}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            )
            continue
        if wrong is None:
            return attention
        tried.append(f"{form}: {wrong}")
    raise ModelError(
        "the model does not see what a model of mask noise has to: " + "; ".join(tried),
        rule="attention",
        remedy="load the class that its own generate() uses, with the code that comes with its weights",
    )


def _wrong(attention: Attention, ids: Tensor, other: int) -> str | None:
    """Return what is wrong with who sees whom in a sequence int64 `[S]`; None if nothing is."""
    length = len(ids)
    size = length if attention.block is None else attention.block
    last, inner = length - 1, size - 1
    before = attention.logits(ids[None], 0)[0].float()
    if not bool(torch.isfinite(before).all()):
        return "its logits are not numbers"
    scale = float(before.abs().max()) or 1.0

    def changed(place: int) -> Tensor:
        """Return how much each position's logits change with the token at a place, `[S]`."""
        altered = ids.clone()
        altered[place] = other
        return (attention.logits(altered[None], 0)[0].float() - before).abs().amax(-1) / scale

    by_last = changed(last)
    if float(by_last[length - size]) <= _NOTHING and size > 1:
        return "it reads from left to right"
    if attention.block is None:
        return None
    if float(by_last[:size].max()) > _SOMETHING:
        return "a block sees a later one"
    by_inner = changed(inner)
    if float(by_inner[size:].max()) <= _NOTHING:
        return "a block does not see the one before it"
    return None


_NOTHING, _SOMETHING = 1e-7, 1e-3
"""Relative changes of logits: what has been seen changes them by more than the first, rounding by less than the second."""
