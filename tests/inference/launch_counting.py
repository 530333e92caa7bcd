"""What a step of the Triton backend gives the device to do: launches, other operations, uploads, bytes.

Kernels are recorded and not run, as no shape of a step depends on a value: so a step can be counted at any size. Logits
are an expanded tensor, which takes no memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from counting import Counting
from torch import Tensor

from canvasgen.inference import Posteriors, Request, condition_batch
from canvasgen.inference.triton_backend.row_table import Field

LAYOUT_ARRAYS = {
    "_read_tokens": (Field.HEADS_OF_TOKENS, Field.LANES_OF_TOKENS, Field.TOKENS_OF_PIECE),
    "_class_pass": (
        Field.HEADS_OF_CLASSES,
        Field.LANES_OF_CLASSES,
        Field.CLASSES_OF_SET,
        Field.HEADS_OF_PIECES,
        Field.LANES_OF_PIECES,
        Field.PIECES_OF_CLASS,
        Field.CLASS_OF_TOKEN,
    ),
    "_recurrence": (
        *(Field.HEADS_BY_TARGET, Field.LANES_BY_TARGET, Field.FIRST_BY_TARGET, Field.SECOND_BY_TARGET),
        *(Field.HEADS_BY_SOURCE, Field.LANES_BY_SOURCE, Field.FIRST_BY_SOURCE, Field.SECOND_BY_SOURCE),
        *(Field.SOURCE_OFFSETS, Field.SOURCE_FIRST, Field.SOURCE_SECOND),
    ),
    "_marginal_pass": (
        *(Field.HEADS_BY_SET, Field.LANES_BY_SET, Field.FIRST_BY_SET, Field.SECOND_BY_SET),
        *(Field.HEADS_OF_SETS, Field.LANES_OF_SETS, Field.SETS_OF_CLASS),
    ),
    "_best_tokens": (Field.SET_OFFSETS, Field.SET_CLASSES),
    "_draw_edges": (
        *(Field.HEADS_BY_TARGET, Field.LANES_BY_TARGET, Field.FIRST_BY_TARGET, Field.SECOND_BY_TARGET),
    ),
    "_draw_walk": (Field.TARGET_OFFSETS, Field.TARGET_FIRST, Field.TARGET_SECOND),
    "_draw_tokens": (Field.SET_OFFSETS, Field.SET_CLASSES, Field.PIECE_OFFSETS, Field.TOKEN_OFFSETS),
}
"""Which arrays of a layout a kernel reads."""

ONE_A_POSITION = {
    "_draw_walk": ("values", "pointers"),
    "_draw_tokens": ("set_mass", "tops", "totals"),
}
"""Arrays of which a kernel reads one place a position (of `tops` and `totals`, the pieces of one class)."""

NO_WORK = {"empty", "empty_strided", "new_empty", "set_", "lift_fresh"}
"""Operations that launch nothing."""

SECTOR = 32
"""Bytes that come from memory at once."""


@dataclass
class Step:
    """Counts of one step.

    Attributes:
        launches: names of the kernels, in order.
        operations: of torch, by name.
        reads: of the device by the host, by name.
        uploads: bytes of each copy to the device.
        bytes_of: by kernel, every array that it is given, once: reads and writes.
    """

    launches: list[str] = field(default_factory=list)
    operations: dict[str, int] = field(default_factory=dict)
    reads: dict[str, int] = field(default_factory=dict)
    uploads: list[int] = field(default_factory=list)
    bytes_of: dict[str, int] = field(default_factory=dict)

    @property
    def num_launches(self) -> int:
        """Kernels, operations and copies."""
        return len(self.launches) + sum(self.operations.values()) + len(self.uploads)


@contextmanager
def recorded(found: list[tuple[str, dict[str, Any]]]) -> Iterator[None]:
    """Kernels write down that they were launched, and with what."""
    from canvasgen.inference.triton_backend import token_pass

    def run(self: Any, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> None:
        found.append((self.fn.__name__, dict(zip(self.arg_names, args, strict=False))))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(token_pass._read_tokens), "run", run)
        yield


@contextmanager
def uploads_seen(sizes: list[int]) -> Iterator[None]:
    from canvasgen.inference.triton_backend import device_layout, triton_lattice, uploads

    def put_tensor(values: Tensor, device: torch.device) -> Tensor:
        sizes.append(values.numel() * values.element_size())
        return values.to(device)

    def fill(target: Tensor, values: Tensor, columns: int | None = None) -> None:
        sizes.append(values.numel() * values.element_size())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(triton_lattice, "fill", fill)
        patch.setattr(uploads, "put_tensor", put_tensor)
        patch.setattr(triton_lattice, "put_tensor", put_tensor)
        assert device_layout.put is triton_lattice.put is uploads.put  # which calls `put_tensor`
        yield


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def answers(requests: Sequence[Request], logits: Tensor) -> Posteriors:
    """All that a denoising step asks for, but for `[L, V]` answers."""
    found = condition_batch(requests, logits, check=False, backend="triton")
    for one in ("log_partition", "entropies", "allowed_mass", "forced", "best", "best_log_prob"):
        getattr(found, one)
    found.sample(range(len(requests)))
    return found


def counted(requests: Sequence[Request], logits: Tensor) -> Step:
    """The counts of a step whose layouts are on the device already."""
    step, launches = Step(), list[tuple[str, dict[str, Any]]]()
    with recorded(launches):
        found = answers(requests, logits)
        lattice: Any = found._lattice
        launches.clear()
        with uploads_seen(step.uploads), Counting() as counting:
            answers(requests, logits)
    step.launches = [name for name, _ in launches]
    step.operations = {name: n for name, n in counting.operations.items() if name not in NO_WORK}
    step.reads = dict(counting.reads)
    layouts = {id(one): one for one in lattice._layouts}.values()
    most_pieces = max(int(one.arrays[Field.PIECE_OFFSETS].diff().max()) for one in layouts)
    for name, args in launches:
        sparse = ONE_A_POSITION.get(name, ())
        tensors = {
            one.data_ptr(): one for arg, one in args.items() if isinstance(one, Tensor) and arg not in sparse
        }
        given = sum(_bytes(one) for one in tensors.values() if one.dtype != logits.dtype)
        given += sum(4 * one.arrays[array].numel() for one in layouts for array in LAYOUT_ARRAYS[name])
        places = [most_pieces * 4 // SECTOR + 1 if arg in ("tops", "totals") else 1 for arg in sparse]
        step.bytes_of[name] = given + sum(places) * SECTOR * logits.shape[0] * logits.shape[1]
    step.bytes_of["_read_tokens"] += _bytes(logits)
    step.bytes_of["_draw_tokens"] += _drawn_from(lattice, logits)
    return step


def _drawn_from(lattice: Any, logits: Tensor) -> int:
    """At most so many bytes of logits are read to draw tokens: one piece, by sectors, at each position."""
    return sum(_sectors(one, logits.element_size()) for one in lattice._layouts) * SECTOR * logits.shape[1]


def _sectors(layout: Any, element_size: int) -> int:
    """Sectors of the piece whose tokens lie in most."""
    offsets, tokens = layout.arrays[Field.TOKEN_OFFSETS], layout.arrays[Field.TOKENS]
    piece = torch.repeat_interleave(torch.arange(len(offsets) - 1), offsets.diff())
    sector = tokens.long() * element_size // SECTOR
    pairs = torch.unique(piece * (int(sector.max()) + 1) + sector)
    return int(torch.bincount(pairs // (int(sector.max()) + 1)).max())
