"""From logits to the posterior: the checks, the one pass over the vocabulary, fixed positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from canvasgen.errors import BudgetTooSmall, CanvasgenError, ModelError, Unsatisfiable
from canvasgen.inference.layout import AutomatonArrays, Layout, layout_of
from canvasgen.inference.numba_backend import NumbaBackend
from canvasgen.inference.positions import Restriction
from canvasgen.inference.posterior import Posterior
from canvasgen.inference.posteriors import Posteriors
from canvasgen.inference.reference import TorchBackend
from canvasgen.inference.tables import Backend, ClassTables

__all__ = ["BackendName", "Logits", "Request", "condition", "condition_batch"]

BackendName = Literal["auto", "numba", "torch"]
_ON_CPU = ("cpu", "mps")  # the reference's float64 does not exist on mps
Logits = torch.Tensor | npt.NDArray[np.floating]


def condition(
    automaton: AutomatonArrays,
    logits: Logits | Posterior,
    *,
    end_ids: Sequence[int] | None = None,
    pad_id: int | None = None,
    fixed: Mapping[int, int] | None = None,
    state: int | None = None,
    remaining: int = 0,
    restriction: Restriction | None = None,
    offset: int = 0,
    backend: BackendName = "auto",
    threads: int | None = None,
) -> Posterior:
    """The posterior over canvases, P(x | valid) ∝ ∏_i softmax(logits_i)(x_i) · 1[x is valid].

    Valid is a text that the automaton accepts, an end token, and a tail of anything; or a text that goes on
    to the canvas's last position and can be finished in `remaining` more tokens (with none: is accepted
    there).

    Args:
        automaton: a `canvasgen.tokens.TokenAutomaton` over V tokens.
        logits: `[L, V]`, computed with as float32; numpy or torch, on any device. −inf is probability zero. Or
            a posterior of the same logits under another constraint: what it has read of them is not read again
            as far as that can be (it can if this constraint's texts are written with tokens of that one's).
        end_ids: tokens that end a text; None: the automaton's own.
        pad_id: what `best` and `k_best` write after the end; None: the (lowest) end id.
        fixed: position -> token id that must stand there; its probability p_i counts once, in text or tail.
        state: state before this canvas (`Posterior.end_state` of the last one); None: the start.
        remaining: tokens of budget after this canvas.
        restriction: what may stand at which position of the whole text.
        offset: the position, in the whole text, of the canvas's first token.
        backend: "numba" computes on the CPU, "torch" where the logits are (the plain reference, in float64);
            "auto" is torch for logits on a GPU with float64, else numba. A posterior's is used on.
        threads: for numba; None: as many as torch uses.

    Raises:
        ModelError: NaN or +inf, a position of nothing but −inf, or a shape that does not fit; names the
        position. BudgetTooSmall: no text ends within L + `remaining` tokens. Unsatisfiable: no valid canvas
        has a positive probability (contradictory fixed tokens, −inf); says where.
    """
    length, size = _shape(automaton, logits)
    layout = layout_of(automaton, automaton.end_ids if end_ids is None else end_ids)
    at = layout.start if state is None else state
    if not 0 <= at <= layout.num_states:
        raise ValueError(f"state {at} of an automaton of {layout.num_states} states")
    if pad_id is not None and not 0 <= pad_id < size:
        raise ModelError("the pad token lies outside the vocabulary", rule="pad_id", value=pad_id)
    pinned = _checked_fixed(fixed or {}, length, size)
    closed, distance, later = None, layout.distance, None
    if restriction is not None:
        _add_fixed(pinned, restriction.fixed_in(offset, length))
        closed = restriction.closed(offset, length)
        distance, later = restriction.distance(offset), restriction.distance(offset + length)
    if at != layout.ended:
        _check_budget(int(distance[at]), length + remaining)
    if isinstance(logits, Posterior):
        engine, known = logits.backend, logits.tables_for(layout)
    else:
        engine, known = _backend(logits, backend, threads), None
    tables = _tables(layout, engine, pinned, known)
    final = layout.final(remaining, later)
    return Posterior(
        layout, tables, engine, fixed=pinned, state=at, final=final, closed=closed, pad_id=pad_id
    )


@dataclass(frozen=True)
class Request:
    """One canvas of a batch; the fields but `length` are the arguments of `condition`.

    Attributes:
        logits: `[L, V]`; None: the row's part of the batch's logits.
        length: n <= L, the positions within the budget; None: all. Behind them no text is expected: there the
            canvas is free, every token has the model's own probability.
    """

    automaton: AutomatonArrays
    logits: Logits | Posterior | None = None
    end_ids: Sequence[int] | None = None
    pad_id: int | None = None
    fixed: Mapping[int, int] = field(default_factory=dict[int, int])
    state: int | None = None
    remaining: int = 0
    restriction: Restriction | None = None
    offset: int = 0
    length: int | None = None


def condition_batch(
    requests: Sequence[Request],
    logits: Logits | None = None,
    *,
    check: bool = True,
    backend: BackendName = "auto",
    threads: int | None = None,
) -> Posteriors:
    """`condition` for each request, all rows together.

    Args:
        requests: one per row; automata, lengths, states and budgets may differ.
        logits: `[B, L, V]`, for the requests that bring none.
        check: raise the first row's error; False: `Posteriors.errors()` tells them, and the other rows go on.
        backend, threads: as in `condition`.

    Raises:
        The errors of `condition`.
    """

    def one(b: int, request: Request) -> Posterior | CanvasgenError:
        values = request.logits if request.logits is not None else None if logits is None else logits[b]
        if values is None:
            raise ValueError(f"row {b} has no logits, and the batch has none")
        if request.length is not None and not isinstance(values, Posterior):
            values = values[: request.length]
        try:
            return condition(
                request.automaton,
                values,
                end_ids=request.end_ids,
                pad_id=request.pad_id,
                fixed=request.fixed,
                state=request.state,
                remaining=request.remaining,
                restriction=request.restriction,
                offset=request.offset,
                backend=backend,
                threads=threads,
            )
        except CanvasgenError as error:
            if check:
                raise
            return error

    rows = [one(b, request) for b, request in enumerate(requests)]
    behind = [_behind(request, logits, b) for b, request in enumerate(requests)]
    return Posteriors(rows, behind)


def _behind(request: Request, logits: Logits | None, b: int) -> Logits | None:
    """The logits behind the budget of row b; None if there are none."""
    values = logits[b] if request.logits is None and logits is not None else request.logits
    if request.length is None or values is None or isinstance(values, Posterior):
        return None
    return values[request.length :] if request.length < len(values) else None


def _shape(automaton: AutomatonArrays, logits: Logits | Posterior) -> tuple[int, int]:
    shape = tuple(logits.shape)
    if len(shape) != 2 or shape[0] == 0:
        raise ModelError("logits are a matrix of positions and tokens", rule="logits [L, V]", value=shape)
    if shape[1] != len(automaton.class_of_token):
        raise ModelError(
            f"the logits are over {shape[1]} tokens, the constraint over {len(automaton.class_of_token)}",
            rule="logits [L, V]",
            value=shape,
            remedy="compile the constraint for the vocabulary of this model, at the size of its output",
        )
    return shape[0], shape[1]


def _checked_fixed(fixed: Mapping[int, int], length: int, size: int) -> dict[int, int]:
    pinned = {int(i): int(token) for i, token in fixed.items()}
    for i, token in pinned.items():
        if not 0 <= i < length:
            raise Unsatisfiable(
                "a fixed position lies outside the canvas", path=f"position {i}", rule="fixed"
            )
        if not 0 <= token < size:
            raise Unsatisfiable(
                "a fixed token is not in the vocabulary", path=f"position {i}", rule="fixed", value=token
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
        raise Unsatisfiable("no text of this vocabulary satisfies the constraint", rule="empty language")
    if needed > left:
        raise BudgetTooSmall(
            f"the shortest way to finish the text takes {needed} tokens, {left} are left",
            rule="token budget",
            value=left,
            remedy=f"allow at least {needed} tokens",
        )


def _backend(logits: Logits, name: BackendName, threads: int | None) -> Backend:
    tensor = logits.detach() if isinstance(logits, torch.Tensor) else None
    if name == "torch" or (name == "auto" and tensor is not None and tensor.device.type not in _ON_CPU):
        values = torch.tensor(logits) if tensor is None else tensor
        return TorchBackend(values.float(), as_torch=tensor is not None)
    array = np.asarray(
        logits if tensor is None else tensor.to("cpu", torch.float32).numpy(), dtype=np.float32
    )
    if not (array.flags.c_contiguous and array.flags.writeable):
        array = array.copy()  # the kernels are compiled for one kind of array
    return NumbaBackend(
        array, threads or torch.get_num_threads(), device=None if tensor is None else tensor.device
    )


def _tables(
    layout: Layout, engine: Backend, fixed: Mapping[int, int], known: ClassTables | None
) -> ClassTables:
    tables, wrong = engine.reduce(layout) if known is None else (known, -1)
    if wrong >= 0:
        raise ModelError("the model's logits hold NaN", path=f"position {wrong}", rule="NaN logits")
    if not np.isfinite(tables.normaliser).all():
        position = int(np.argmin(np.isfinite(tables.normaliser)))
        above = tables.normaliser[position] > 0
        raise ModelError(
            "the model's logits " + ("hold +inf" if above else "are all -inf: no token is possible"),
            path=f"position {position}",
            rule="infinite logits",
        )
    for i, token in fixed.items():
        weight = engine.token_logit(i, token) - float(tables.normaliser[i])
        c = int(layout.class_of_token[token])
        for table in (tables.best, tables.mass):
            table[i] = -np.inf
            table[i, c] = weight
        tables.mean[i], tables.tail[i] = 0.0, weight
    return tables
