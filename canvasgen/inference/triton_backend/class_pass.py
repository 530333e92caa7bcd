"""Kernel 2: from the pieces' partial results to the class tables, and the weights of the class sets in both semirings.

A program takes one position of one row. All of it is small (C + Z numbers beside V logits), so it is float64 but for
the exponentials:

- *Logarithms and differences are float64.* A class that lies 5,000 nats below the best one has a weight of -5,000; in
  float32 that is known to 5e-4 only. Exponentials are of differences from the largest, so float32 is enough for them.
- *A distribution or not.* The log-sum of all classes is compared as `not |x| <= 1e9`, which is true for NaN, ±inf, and
  for logits so large that their differences are lost. There every class has weight −inf, so no NaN goes on; the
  position is flagged on the device.
- *Fixed tokens* take the place of the class's weight here, and positions that a row's logits do not have are a fixed
  filler of probability one. No kernel further on has a special case for them.
- *−inf is kept.* A set of impossible classes has weight −inf; `safe` keeps −inf − −inf out.
- *Relative weights*, for a recurrence in float32, are what is left after the position's largest weight has been
  subtracted in float64: they are rounded near zero, where it matters. Sets that may not stand there do not count for
  the largest.
- Between the parts the program waits for itself (a barrier): what one thread stores another one loads.
"""

# Triton is optional, and what it compiles has no types for pyright:
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportUntypedFunctionDecorator=false
# pyright: reportUnknownMemberType=false, reportCallIssue=false, reportArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false, reportMissingParameterType=false
# pyright: reportUnknownArgumentType=false, reportIndexIssue=false

from __future__ import annotations

from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from torch import Tensor

from canvasgen.inference.layout import Layout
from canvasgen.inference.tables import LARGEST
from canvasgen.inference.triton_backend.kernel_language import (
    BLOCK,
    HEAD,
    field,
    ints,
    largest_of,
    part_head,
    safe,
    slots_of_tile,
    sum_of,
)
from canvasgen.inference.triton_backend.piece_sums import combine_kind
from canvasgen.inference.triton_backend.row_table import Field
from canvasgen.inference.triton_backend.token_pass import Partials

__all__ = ["ClassPass", "SetWeights", "class_pass", "class_pass_reference"]

_LOGITS, _GIVEN = tl.constexpr(int(Field.LOGITS)), tl.constexpr(int(Field.GIVEN))
_ON_POSITION, _ON_TOKEN = tl.constexpr(int(Field.POSITION_STRIDE)), tl.constexpr(int(Field.TOKEN_STRIDE))
_FIRST_CLASS, _FIRST_SET = tl.constexpr(int(Field.FIRST_CLASS)), tl.constexpr(int(Field.FIRST_SET))
_CLASSES, _SETS, _FILLER = (
    tl.constexpr(int(Field.CLASSES)),
    tl.constexpr(int(Field.SETS)),
    tl.constexpr(int(Field.FILLER)),
)
_CLASS_OF_TOKEN = tl.constexpr(int(Field.CLASS_OF_TOKEN))
_HEADS, _LANES = tl.constexpr(int(Field.HEADS_OF_CLASSES)), tl.constexpr(int(Field.LANES_OF_CLASSES))
_MEMBERS = tl.constexpr(int(Field.CLASSES_OF_SET))
_HEADS_P, _LANES_P = tl.constexpr(int(Field.HEADS_OF_PIECES)), tl.constexpr(int(Field.LANES_OF_PIECES))
_PIECES, _FIRST_PIECE = tl.constexpr(int(Field.PIECES_OF_CLASS)), tl.constexpr(int(Field.FIRST_PIECE))
_LARGEST = tl.constexpr(LARGEST)
_CLASS_BLOCK = tl.constexpr(1024)


@dataclass(frozen=True, eq=False)
class ClassPass:
    """`ClassTables` of all rows: `[L, C*]`, and `[L, B]` where it is a row's.

    Attributes:
        best, mass, mean, normaliser, tail: float64, see `ClassTables`.
        found: int32, 2 · best token, and 1 more if several tokens are possible; -1 if none is.
        wrong: int8, 1: the logits are no distribution.
    """

    best: Tensor
    mass: Tensor
    mean: Tensor
    found: Tensor
    normaliser: Tensor
    tail: Tensor
    wrong: Tensor

    @classmethod
    def empty(cls, length: int, rows: int, classes: int, device: torch.device) -> ClassPass:
        """Without values yet."""

        def make(width: int, dtype: torch.dtype = torch.float64) -> Tensor:
            return torch.empty((length, width), dtype=dtype, device=device)

        return cls(
            best=make(classes),
            mass=make(classes),
            mean=make(classes),
            found=make(classes, torch.int32),
            normaliser=make(rows),
            tail=make(rows),
            wrong=make(rows, torch.int8),
        )


@dataclass(frozen=True, eq=False)
class SetWeights:
    """Log of each class set's mass, and of its best token; −inf where it may not stand.

    Attributes:
        mass, best: float64 `[L, Z*]`.
        relative: float32 `[2, L, Z*]`, both less the largest of their position; None if it is not asked for.
        centres: float64 `[2, L, B]`, what was subtracted.
    """

    mass: Tensor
    best: Tensor
    relative: Tensor | None = None
    centres: Tensor | None = None

    @classmethod
    def empty(cls, length: int, rows: int, sets: int, relative: bool, device: torch.device) -> SetWeights:
        """Without values yet."""
        mass, best = (torch.empty((length, sets), dtype=torch.float64, device=device) for _ in range(2))
        if not relative:
            return cls(mass, best)
        singles = torch.empty((2, length, sets), dtype=torch.float32, device=device)
        return cls(mass, best, singles, torch.empty((2, length, rows), dtype=torch.float64, device=device))


@triton.jit
def _weigh_kind(
    head,
    lanes,
    members,
    mass,
    best,
    closed,
    mass_out,
    best_out,
    CLOSED: tl.constexpr,
    KIND: tl.constexpr,
    WIDTH: tl.constexpr,
):
    """The sets of one width of tiles, at one position."""
    ROWS: tl.constexpr = BLOCK // WIDTH
    row, slot = tl.arange(0, ROWS), slots_of_tile(WIDTH)
    first, last = tl.load(head + KIND), tl.load(head + KIND + 1)
    for tile in range(first, last):
        group = tl.load(lanes + (tile - first) * ROWS + row)
        start, rounds = tl.load(head + HEAD + 2 * tile), tl.load(head + HEAD + 2 * tile + 1)
        top = tl.full((ROWS,), float("-inf"), tl.float64)
        highest = tl.full((ROWS,), float("-inf"), tl.float64)
        total = tl.zeros((ROWS,), tl.float32)
        for turn in range(rounds):
            member = tl.load(members + start + turn * BLOCK + slot)
            there = member >= 0
            x = tl.load(mass + member, mask=there, other=float("-inf"))
            highest = tl.maximum(highest, largest_of(tl.load(best + member, mask=there, other=float("-inf"))))
            now = tl.maximum(top, largest_of(x))
            shift = safe(now)
            share = tl.exp((x - shift[None, :, None]).to(tl.float32))
            total = total * tl.exp((top - shift).to(tl.float32)) + sum_of(share)
            top = now
        weight = top + tl.log(total).to(tl.float64)
        there = group >= 0
        if CLOSED:
            shut = tl.load(closed + group, mask=there, other=0) != 0
            weight = tl.where(shut, float("-inf"), weight)
            highest = tl.where(shut, float("-inf"), highest)
        tl.store(mass_out + group, weight, mask=there)
        tl.store(best_out + group, highest, mask=there)
    return lanes + (last - first) * ROWS


@triton.jit
def _centre(values, relative, centre_out, sets):
    """Values less their largest, in float32."""
    lane = tl.arange(0, _CLASS_BLOCK)
    top = tl.full([], float("-inf"), tl.float64)
    for low in range(0, sets, _CLASS_BLOCK):
        x = tl.load(values + low + lane, mask=low + lane < sets, other=float("-inf"))
        top = tl.maximum(top, tl.max(x, 0))
    centre = safe(top)
    for low in range(0, sets, _CLASS_BLOCK):
        x = tl.load(values + low + lane, mask=low + lane < sets, other=float("-inf"))
        tl.store(relative + low + lane, (x - centre).to(tl.float32), mask=low + lane < sets)
    tl.store(centre_out, centre)


@triton.jit
def _class_pass(
    table,
    partials_top,
    partials_total,
    partials_moment,
    partials_found,
    best_out,
    mass_out,
    mean_out,
    found_out,
    normaliser_out,
    tail_out,
    wrong_out,
    set_mass_out,
    set_best_out,
    relative_out,
    centres_out,
    fixed,
    closed,
    like,
    all_pieces,
    length,
    rows,
    all_classes,
    all_sets,
    FIXED: tl.constexpr,
    CLOSED: tl.constexpr,
    RELATIVE: tl.constexpr,
):
    """A program for each position and row."""
    position, row = tl.program_id(0).to(tl.int64), tl.program_id(1)
    classes, given = field(table, row, _CLASSES), field(table, row, _GIVEN)
    mine = position * all_classes + field(table, row, _FIRST_CLASS)
    lane = tl.arange(0, _CLASS_BLOCK)
    # 1. Sums over the pieces, and over all classes
    top, total = tl.full([], float("-inf"), tl.float64), tl.full([], 0.0, tl.float64)
    if position < given:
        place = position * all_pieces + field(table, row, _FIRST_PIECE)
        tops, totals = partials_top + place, partials_total + place
        moments, founds = partials_moment + place, partials_found + place
        bests, masses, means, finds = best_out + mine, mass_out + mine, mean_out + mine, found_out + mine
        head, lanes = part_head(ints(table, row, _HEADS_P), 0), ints(table, row, _LANES_P)
        pieces = ints(table, row, _PIECES)
        lanes = combine_kind(
            head, lanes, pieces, tops, totals, moments, founds, bests, masses, means, finds, 0, 4
        )
        lanes = combine_kind(
            head, lanes, pieces, tops, totals, moments, founds, bests, masses, means, finds, 1, 32
        )
        combine_kind(head, lanes, pieces, tops, totals, moments, founds, bests, masses, means, finds, 2, 256)
        tl.debug_barrier()
        for low in range(0, classes, _CLASS_BLOCK):
            mass = tl.load(masses + low + lane, mask=low + lane < classes, other=float("-inf"))
            now = tl.maximum(top, tl.max(mass, 0))
            shift = safe(now)
            total = total * tl.exp(top - shift) + tl.sum(
                tl.exp((mass - shift).to(tl.float32)).to(tl.float64), 0
            )
            top = now
    normaliser = top + tl.log(total)
    wrong = (position < given) & ~(tl.abs(normaliser) <= _LARGEST)
    token, weight = tl.full([], -1, tl.int32), tl.full([], 0.0, tl.float64)
    if FIXED:
        token = tl.load(fixed + row * length + position)
        if (token >= 0) & (position < given):
            logits = field(table, row, _LOGITS).to(tl.pointer_type(like.dtype.element_ty))
            at = position * field(table, row, _ON_POSITION) + token * field(table, row, _ON_TOKEN)
            weight = tl.load(logits + at).to(tl.float32).to(tl.float64) - normaliser
    if position >= given:
        token, normaliser = field(table, row, _FILLER).to(tl.int32), tl.full([], 0.0, tl.float64)
    tl.debug_barrier()
    # 2. Log-probabilities
    held = token >= 0
    weight = tl.where(wrong, float("-inf"), weight)
    chosen = tl.load(ints(table, row, _CLASS_OF_TOKEN) + tl.maximum(token, 0))
    for low in range(0, classes, _CLASS_BLOCK):
        there, at = low + lane < classes, mine + low + lane
        best = tl.load(best_out + at, mask=there, other=0.0) - normaliser
        mass = tl.load(mass_out + at, mask=there, other=0.0) - normaliser
        mean = tl.load(mean_out + at, mask=there, other=0.0)
        found = tl.load(found_out + at, mask=there, other=-1)
        this = held & (low + lane == chosen)
        elsewhere = wrong | (held & ~this)
        best = tl.where(elsewhere, float("-inf"), tl.where(this, weight, best))
        mass = tl.where(elsewhere, float("-inf"), tl.where(this, weight, mass))
        mean = tl.where(elsewhere | this, 0.0, mean)
        possible = tl.where(this, weight > float("-inf"), found >= 0) & ~elsewhere
        found = tl.where(possible, tl.where(this, 2 * token, found), -1)
        tl.store(best_out + at, best, mask=there)
        tl.store(mass_out + at, mass, mask=there)
        tl.store(mean_out + at, mean, mask=there)
        tl.store(found_out + at, found, mask=there)
    tail = tl.where(wrong, float("-inf"), tl.where(held & (position < given), weight, 0.0))
    tl.store(normaliser_out + position * rows + row, normaliser)
    tl.store(tail_out + position * rows + row, tail)
    tl.store(wrong_out + position * rows + row, wrong.to(tl.int8))
    tl.debug_barrier()
    # 3. Sets
    first_set = position * all_sets + field(table, row, _FIRST_SET)
    head = part_head(ints(table, row, _HEADS), 0)
    lanes, members = ints(table, row, _LANES), ints(table, row, _MEMBERS)
    mass_in, best_in = mass_out + mine, best_out + mine
    mass_sets, best_sets, shut = set_mass_out + first_set, set_best_out + first_set, closed + first_set
    lanes = _weigh_kind(head, lanes, members, mass_in, best_in, shut, mass_sets, best_sets, CLOSED, 0, 4)
    lanes = _weigh_kind(head, lanes, members, mass_in, best_in, shut, mass_sets, best_sets, CLOSED, 1, 32)
    _weigh_kind(head, lanes, members, mass_in, best_in, shut, mass_sets, best_sets, CLOSED, 2, 256)
    last = field(table, row, _SETS) - 1
    if CLOSED:
        tail = tl.where(tl.load(shut + last) != 0, float("-inf"), tail)
    tl.store(mass_sets + last, tail)
    tl.store(best_sets + last, tail)
    if RELATIVE:
        tl.debug_barrier()
        relative, centre = relative_out + first_set, centres_out + position * rows + row
        _centre(mass_sets, relative, centre, last + 1)
        _centre(best_sets, relative + length * all_sets, centre + length * rows, last + 1)


def class_pass(
    table: Tensor,
    like: Tensor,
    partials: Partials,
    out: ClassPass,
    sets: SetWeights,
    fixed: Tensor | None,
    closed: Tensor | None,
) -> None:
    """Tables and set weights of all rows in one launch.

    Args:
        table: int64 `[B, FIELDS]`.
        like: a tensor of the logits' type.
        partials: of `read_tokens`.
        out, sets: where to write.
        fixed: int32 `[B, L]`, the token that stands there, or -1.
        closed: int8 `[L, Z*]`, 1 where a set may not stand.
    """
    length, rows = out.normaliser.shape
    _class_pass[(length, rows)](
        table, partials.top, partials.total, partials.moment, partials.found,
        out.best, out.mass, out.mean, out.found, out.normaliser, out.tail, out.wrong, sets.mass, sets.best,
        sets.mass if sets.relative is None else sets.relative, sets.mass if sets.centres is None else sets.centres,
        table if fixed is None else fixed, out.wrong if closed is None else closed, like,
        partials.top.shape[1], length, rows, out.best.shape[1], sets.mass.shape[1],
        FIXED=fixed is not None, CLOSED=closed is not None, RELATIVE=sets.relative is not None,
        num_warps=8, num_stages=1,
    )  # fmt: skip


def class_pass_reference(
    layout: Layout, logits: Tensor, fixed: dict[int, int], closed: Tensor | None
) -> tuple[ClassPass, SetWeights]:
    """The same for one row with logits `[L, V]` at all positions, plainly, in float64.

    Args:
        layout: of the row.
        logits: of any float type.
        fixed: position -> token.
        closed: bool `[L, Z + 2]`.
    """
    values = logits.float().double()
    length, classes, sets = len(values), layout.num_classes + 2, layout.num_sets + 2
    out = ClassPass.empty(length, 1, classes, logits.device)
    weights = SetWeights(*(torch.full((length, sets), -torch.inf, dtype=torch.float64) for _ in range(2)))
    normaliser = values.logsumexp(dim=1)
    wrong = ~(normaliser.abs() <= LARGEST)
    out.normaliser[:, 0], out.wrong[:, 0] = normaliser, wrong
    class_of_token = torch.as_tensor(layout.class_of_token)
    for i in range(length):
        logs = torch.where(wrong[i], -torch.inf, values[i] - normaliser[i])
        out.tail[i, 0] = logs[fixed[i]] if i in fixed else -torch.inf if wrong[i] else 0.0
        if i in fixed:
            logs = torch.where(torch.arange(len(logs)) == fixed[i], logs, -torch.inf)
        for c in range(classes):
            tokens = torch.nonzero((class_of_token == c) & (logs > -torch.inf))[:, 0]
            mine = logs[tokens]
            best = mine.max() if len(mine) else torch.tensor(-torch.inf)
            share = mine.softmax(dim=0)
            out.best[i, c], out.mass[i, c] = best, mine.logsumexp(dim=0)
            out.mean[i, c] = (share * (mine - best)).sum() if len(mine) else 0.0
            several = 1 if len(tokens) > 1 else 0
            out.found[i, c] = 2 * int(tokens[mine.argmax()]) + several if len(mine) else -1
        for z in range(sets - 1):
            of_set = torch.as_tensor(layout.set_classes[layout.set_offsets[z] : layout.set_offsets[z + 1]])
            weights.mass[i, z] = out.mass[i, of_set].logsumexp(dim=0)
            weights.best[i, z] = out.best[i, of_set].max()
        weights.mass[i, -1] = weights.best[i, -1] = out.tail[i, 0]
    if closed is not None:
        weights.mass[closed] = weights.best[closed] = -torch.inf
    return out, weights
