"""From requests to posteriors: the checks, then one batch for a backend. A single canvas is a batch of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from canvasgen.checks import is_mapping, whole_number
from canvasgen.errors import BudgetTooSmall, CanvasgenError, InvalidConstraint, ModelError, Unsatisfiable
from canvasgen.forks import settle
from canvasgen.inference.batch import Batch, Row
from canvasgen.inference.known_layouts import AnyLayout, called_layout_of
from canvasgen.inference.layout import AutomatonArrays
from canvasgen.inference.posterior import Posterior
from canvasgen.inference.posteriors import Posteriors
from canvasgen.inference.registry import backend_for
from canvasgen.inference.restriction import Restriction
from canvasgen.tokens import CalledAutomaton

__all__ = ["Logits", "Request", "condition", "condition_batch"]

MOST_TOKENS = 1_000_000_000
"""Tokens before, and behind, a canvas."""

Logits = torch.Tensor | npt.NDArray[np.floating]


@dataclass(frozen=True)
class Request:
    """One canvas of a batch: positions 0 to L - 1, of which the first n are within the budget.

    Attributes:
        automaton: a `canvasgen.tokens.TokenAutomaton` over V tokens, or a `CalledAutomaton`, which has no restriction.
        logits: `[L, V]`, computed with as float32; numpy or torch, on any device. −inf is probability zero. Or a
            posterior of the same logits under another constraint: what it has read of them is not read again as far as
            that can be (it can if this constraint's texts are written with tokens of that one's). None: the row's part
            of the batch's logits.
        end_ids: tokens that end a text; None: the automaton's own.
        pad_id: what `best` and `k_best` write after the end; None: the (lowest) end id.
        fixed: position -> token id that must stand there; its probability p_i counts once, in text or tail.
        state: state before this canvas (`Posterior.end_state` of the last one); None: the start.
        remaining: tokens of budget after this canvas.
        restriction: what may stand at which position of the whole text.
        offset: the position, in the whole text, of the canvas's first token.
        length: n; None: all positions. Behind them no text is expected: the canvas is free there, every token has the
            model's own probability.
    """

    automaton: AutomatonArrays | CalledAutomaton
    logits: Logits | Posterior | None = None
    end_ids: Sequence[int] | None = None
    pad_id: int | None = None
    fixed: Mapping[int, int] = field(default_factory=dict[int, int])
    state: int | None = None
    remaining: int = 0
    restriction: Restriction | None = None
    offset: int = 0
    length: int | None = None


def condition(
    automaton: AutomatonArrays | CalledAutomaton,
    logits: Logits | Posterior,
    *,
    end_ids: Sequence[int] | None = None,
    pad_id: int | None = None,
    fixed: Mapping[int, int] | None = None,
    state: int | None = None,
    remaining: int = 0,
    restriction: Restriction | None = None,
    offset: int = 0,
    backend: str = "auto",
    threads: int | None = None,
) -> Posterior:
    """The posterior over canvases, P(x | valid) ∝ ∏_i softmax(logits_i)(x_i) · 1[x is valid].

    Valid is a text that the automaton accepts, an end token, and a tail of anything; or a text that goes on
    to the canvas's last position and can be finished in `remaining` more tokens (with none: is accepted
    there).

    Args:
        automaton, logits, end_ids, pad_id, fixed, state, remaining, restriction, offset: see `Request`.
        backend: "numba" computes on the CPU, "triton" on CUDA, "torch" where the logits are (the plain reference, in
            float64), "auto" chooses by the device of the logits: see `registry.py`, where others are added. A
            posterior's is used on.
        threads: for numba; None: as many as torch uses.

    Raises:
        ModelError: NaN or +inf, a position of nothing but −inf, or a shape that does not fit; names the position.
        InvalidConstraint: a setting is not the number it should be.
        BudgetTooSmall: no text ends within L + `remaining` tokens.
        Unsatisfiable: no valid canvas has a positive probability (contradictory fixed tokens, −inf); says where.
    """
    pinned: Mapping[int, int] = {} if fixed is None else fixed
    request = Request(automaton, logits, end_ids, pad_id, pinned, state, remaining, restriction, offset)
    return condition_batch([request], backend=backend, threads=threads)[0]


def condition_batch(
    requests: Sequence[Request],
    logits: Logits | None = None,
    *,
    check: bool = True,
    backend: str = "auto",
    threads: int | None = None,
) -> Posteriors:
    """`condition` for each request, all rows together.

    Args:
        requests: one per row; automata, lengths, states and budgets may differ.
        logits: `[B, L, V]`, for requests that bring none. They go to the backend as they are, and are not copied; rows'
            own logits have to be put together for some.
        check: raise the first error that shows before any logit is read, else the first row's, which is read from the
            device; False: nothing is read, and `Posteriors.errors()` tells them when it is asked.
        backend, threads: as in `condition`.

    Raises:
        The errors of `condition`. ModelError also for shapes that do not fit, whatever `check` is.
    """
    if not requests:
        raise InvalidConstraint(
            "a batch has at least one request", rule="requests", remedy="give one request or more"
        )
    settle()
    values, as_torch = _stacked(requests, logits)
    given = [_values(request, values, b) for b, request in enumerate(requests)]
    engine = backend_for(backend, given[0].device)
    known = next((one.logits for one in requests if isinstance(one.logits, Posterior)), None)
    if known is not None:
        engine, as_torch = known.backend, known.is_torch
    rows = [_row(request, row) for request, row in zip(requests, given, strict=True)]
    if check:
        for row in rows:
            if row.error is not None:
                raise row.error
    whole = values if all(request.logits is None for request in requests) else None
    batch = Batch(rows, given, whole, as_torch, threads or torch.get_num_threads())
    posteriors = Posteriors(engine.condition(batch))
    if check:
        for error in posteriors.errors():
            if error is not None:
                raise error
    return posteriors


def _tensor(logits: object) -> Tensor:
    """Logits as a tensor, whose version tells of changes in place: numpy has no such thing, so its arrays are copied.

    Raises:
        ModelError: they are no numbers.
    """
    if isinstance(logits, Tensor):
        found = logits.detach()
    else:
        try:
            found = torch.as_tensor(np.array(logits))
        except (TypeError, ValueError) as error:
            raise _no_logits(logits) from error
    if found.dtype == torch.bool or found.is_complex():
        raise _no_logits(logits)
    return found


def _no_logits(value: object) -> ModelError:
    return ModelError(
        "logits are a matrix of numbers, a tensor or an array",
        rule="logits [L, V]",
        value=value if np.isscalar(value) else type(value).__name__,
        remedy="give a float array of positions × tokens",
    )


def _stacked(requests: Sequence[Request], logits: Logits | None) -> tuple[Tensor | None, bool]:
    """The batch's logits as a tensor, and whether the logits are tensors."""
    if logits is None:
        return None, isinstance(requests[0].logits, Tensor)
    values = _tensor(logits)
    if values.ndim != 3 or len(values) != len(requests):
        raise ModelError(
            f"a batch of {len(requests)} has logits of as many rows",
            rule="logits [B, L, V]",
            value=tuple(values.shape),
            remedy="give logits of the shape [B, L, V], with B the number of requests",
        )
    return values, isinstance(logits, Tensor)


def _values(request: Request, stacked: Tensor | None, b: int) -> Tensor:
    """`[L, V]` of a row.

    Raises:
        ModelError: the shape does not fit.
    """
    if isinstance(request.logits, Posterior):
        request.logits.require_unchanged()
        values = request.logits.logits
    elif request.logits is not None:
        values = _tensor(request.logits)
        if values.is_inference():  # has no version either
            values = values.clone()
    elif stacked is not None:
        values = stacked[b]
    else:
        raise ModelError(
            f"row {b} has no logits, and the batch has none",
            rule="logits [L, V]",
            remedy="give `logits` of the whole batch, or to each request its own",
        )
    shape, size = tuple(values.shape), len(request.automaton.class_of_token)
    if len(shape) != 2 or shape[0] == 0:
        raise ModelError(
            "logits are a matrix of positions and tokens",
            rule="logits [L, V]",
            value=shape,
            remedy="give an array of the shape [L, V]",
        )
    if shape[1] != size:
        raise ModelError(
            f"the logits are over {shape[1]} tokens, the constraint over {size}",
            rule="logits [L, V]",
            value=shape,
            remedy="compile the constraint for the vocabulary of this model, at the size of its output",
        )
    return values


def _row(request: Request, values: Tensor) -> Row:
    """The checked request; what makes it impossible is its `error`."""
    automaton, size = request.automaton, values.shape[1]
    layout = called_layout_of(automaton, automaton.end_ids if request.end_ids is None else request.end_ids)
    length = len(values)
    if request.length is not None:
        length = whole_number(request.length, rule="length", low=1, high=len(values))
    state = layout.start
    if request.state is not None:
        state = whole_number(request.state, rule="state", high=layout.num_states)
    offset, remaining = (
        whole_number(request.offset, rule="offset", high=MOST_TOKENS),
        whole_number(request.remaining, rule="remaining", high=MOST_TOKENS),
    )
    if request.pad_id is not None and not 0 <= request.pad_id < size:
        raise ModelError(
            "the pad token lies outside the vocabulary",
            rule="pad_id",
            value=request.pad_id,
            remedy="give an id of the vocabulary",
        )
    later, closed, error, fixed = None, None, None, dict[int, int]()
    try:
        fixed = _checked_fixed(request.fixed, length, size)
        distance, restriction = layout.distance, request.restriction
        if restriction is not None:
            _add_fixed(fixed, restriction.fixed_in(offset, length))
            closed = restriction.closed(offset, length)
            distance = restriction.distance(offset)
            later = restriction.distance(offset + length)
        if state != layout.ended:
            _check_budget(int(distance[state]), length + remaining)
    except CanvasgenError as caught:
        error, fixed = caught, {}
    known = request.logits.arrays if isinstance(request.logits, Posterior) else None
    return Row(
        layout=layout,
        length=length,
        fixed=dict(sorted(fixed.items())),
        state=state,
        remaining=remaining,
        later=later,
        closed=closed,
        filler=_filler(layout, request.pad_id),
        known=known,
        error=error,
    )


def _filler(layout: AnyLayout, pad_id: int | None) -> int:
    if pad_id is not None:
        return pad_id
    return layout.end_ids[0] if layout.end_ids else 0


def _checked_fixed(fixed: Mapping[int, int], length: int, size: int) -> dict[int, int]:
    if not is_mapping(fixed):
        raise InvalidConstraint(
            "fixed is a dict: position -> token id", rule="fixed", value=fixed, remedy="write fixed={0: 17}"
        )
    pinned = {
        whole_number(i, rule="fixed", name="a position", low=None): whole_number(
            token, rule="fixed", name="a token id", low=None
        )
        for i, token in fixed.items()
    }
    for i, token in pinned.items():
        if not 0 <= i < length:
            raise Unsatisfiable(
                "a fixed position lies outside the canvas",
                path=f"position {i}",
                rule="fixed",
                remedy="give a position from 0 to the canvas's length, exclusive",
            )
        if not 0 <= token < size:
            raise Unsatisfiable(
                "a fixed token is not in the vocabulary",
                path=f"position {i}",
                rule="fixed",
                value=token,
                remedy="give an id that is text in this vocabulary",
            )
    return pinned


def _add_fixed(pinned: dict[int, int], more: Mapping[int, int]) -> None:
    for i, token in more.items():
        if pinned.setdefault(i, token) != token:
            raise Unsatisfiable(
                "two tokens are fixed at one position",
                path=f"position {i}",
                rule="fixed",
                value=(pinned[i], token),
                remedy="take one of them back",
            )


def _check_budget(needed: int, left: int) -> None:
    if needed < 0:
        raise Unsatisfiable(
            "no text of this vocabulary satisfies the constraint",
            rule="empty language",
            remedy="look for parts that contradict each other, or characters that no token of the vocabulary has",
        )
    if needed > left:
        raise BudgetTooSmall(
            f"the shortest way to finish the text takes {needed} tokens, {left} are left",
            rule="token budget",
            value=left,
            remedy=f"allow at least {needed} tokens",
        )
