"""A model of mask noise as a `Denoiser`: at every step it reads the whole sequence, what is written and the canvas.

This is what the reference code of LLaDA, Dream and LLaDA2 does, and it needs nothing of a model but one call. There is no
cache of keys and values: with full attention none would be exact, and with blocks the versions of the published code
differ in how they keep one. A step costs as much as reading the prompt.

Rows of one length go through the model together; nothing is padded, so that no model has to hide padding, which LLaDA's does
not. A row's answers cannot depend on the rows beside it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from canvasgen.denoise.noise import Editing, Mask
from canvasgen.denoise.protocol import Defaults
from canvasgen.errors import ModelError
from canvasgen.forks import settle
from canvasgen.models.masked.attention import Attention
from canvasgen.vocabulary import Vocabulary

__all__ = ["MaskedContext", "MaskedModel", "by_key", "masked_defaults"]


@dataclass(frozen=True)
class MaskedContext:
    """What has been read, for B rows: their token ids."""

    rows: tuple[tuple[int, ...], ...]


def masked_defaults(canvas_length: int, max_tokens: int = 256) -> Defaults:
    """Return how a model of mask noise is run: as many steps as positions, since each step decides one at least.

    The temperatures and the entropy bound are those of this library's loop. The published samplers have none to follow:
    they decide a fixed number of tokens a step, or those above a probability.
    """
    return Defaults(max_denoising_steps=canvas_length, max_tokens=max(max_tokens, canvas_length))


class MaskedModel:
    """A `Denoiser` around a model of mask noise.

    Args:
        attention: the model, and how it is told who sees whom; see `attention.probed`.
        vocabulary: of the model's size.
        mask_id: the mask token.
        canvas_length: L; with blocks, the length of a block.
        canvas_lengths: others that the model takes; with blocks there are none.
        shifted: the logits at a position are those of the token after it (Dream).
        edits: probability of another token above which a decided one is given up (LLaDA2.1); None: decided tokens stay.
        before, after: tokens around every row's sequence, such as [CLS] and [SEP].
        max_context: positions at most, without those around; None: no limit.
        hidden: tokens that the model may not be shown on a canvas; it sees a mask there.
        stops: end tokens on a canvas behind which the model is shown nothing, for models that know no tail of a canvas. The
            logits behind are all zero.
        device: where the model takes its input.
        max_tokens: budget of an answer where the caller names none.

    Raises:
        ModelError: the mask token is none of the vocabulary's, or it is text.
    """

    def __init__(
        self,
        attention: Attention,
        vocabulary: Vocabulary,
        *,
        mask_id: int,
        canvas_length: int,
        canvas_lengths: Sequence[int] = (),
        shifted: bool = False,
        edits: float | None = None,
        before: Sequence[int] = (),
        after: Sequence[int] = (),
        max_context: int | None = None,
        hidden: Sequence[int] = (),
        stops: Sequence[int] = (),
        device: torch.device | str = "cpu",
        max_tokens: int = 256,
    ) -> None:
        if not 0 <= mask_id < vocabulary.size:
            raise ModelError(
                f"the mask token {mask_id} is none of the {vocabulary.size} tokens",
                rule="mask_token_id",
                value=mask_id,
                remedy="name the mask token of the model's own code",
            )
        if mask_id in vocabulary.end_ids:
            raise ModelError(
                "the mask token cannot be an end token",
                rule="mask_token_id",
                value=mask_id,
                remedy="name another one",
            )
        self.vocabulary = vocabulary
        self.vocab_size = vocabulary.size
        self.canvas_length = canvas_length
        self.canvas_lengths = tuple(sorted({canvas_length, *canvas_lengths}))
        self.max_context = max_context
        self.mask_id = mask_id
        self.device = torch.device(device)
        self.attention = attention
        self._max_tokens = max_tokens
        self._shifted = shifted
        self._edits = edits
        self._before, self._after = tuple(before), tuple(after)
        self._hidden = torch.tensor(list(hidden), dtype=torch.int64)
        self._stops = torch.tensor(list(stops), dtype=torch.int64)

    @property
    def defaults(self) -> Defaults:
        """How the model wants to be run, on canvases of its length."""
        return masked_defaults(self.canvas_length, self._max_tokens)

    @property
    def noise(self) -> Mask:
        """The mask token; decided tokens stay, or may be edited."""
        return Mask(self.mask_id) if self._edits is None else Editing(self.mask_id, self._edits)

    def with_canvas(self, length: int) -> MaskedModel:
        """The same model, with canvases of another of its `canvas_lengths`.

        Raises:
            ModelError: it does not take them.
        """
        if length not in self.canvas_lengths:
            raise ModelError(
                "the model does not take canvases of this length",
                rule="canvas_length",
                value=length,
                remedy="choose one of " + ", ".join(map(str, self.canvas_lengths)),
            )
        twin = copy.copy(self)
        twin.canvas_length = length
        return twin

    def prefill(self, prompts: Sequence[Sequence[int]]) -> MaskedContext:
        """Remembers the prompts; they are read with each canvas."""
        return MaskedContext(tuple(tuple(map(int, prompt)) for prompt in prompts))

    def select(self, context: MaskedContext, rows: Sequence[int]) -> MaskedContext:
        """The context of only these rows, in this order."""
        return MaskedContext(tuple(context.rows[row] for row in rows))

    def join(self, contexts: Sequence[MaskedContext]) -> MaskedContext:
        """The rows of several contexts as one."""
        return MaskedContext(tuple(row for context in contexts for row in context.rows))

    def commit(self, context: MaskedContext, ids: Tensor) -> MaskedContext:
        """The context with a finished block, int64 `[B, L]`, behind it."""
        blocks: list[list[int]] = ids.cpu().numpy().tolist()
        return MaskedContext(tuple((*row, *block) for row, block in zip(context.rows, blocks, strict=True)))

    @torch.no_grad()
    def denoise(
        self,
        context: MaskedContext,
        canvas: Tensor,
        self_conditioning: Tensor | None,
        conditioned: Tensor | None = None,
    ) -> Tensor:
        """One pass over each group of rows of one length: logits float32 `[B, L, V]`, before any temperature.

        The model has no use for self-conditioning.
        """
        del self_conditioning, conditioned
        settle()
        canvas = canvas.cpu()
        if len(self._hidden):
            canvas = torch.where(torch.isin(canvas, self._hidden), self.mask_id, canvas)
        keys = [(len(row), shown) for row, shown in zip(context.rows, self._shown(canvas), strict=True)]
        return by_key(keys, lambda rows: self._group(context, rows, canvas[rows], keys[rows[0]][1]))

    def _shown(self, canvas: Tensor) -> list[int | None]:
        """How many positions of each canvas the model is shown, up to the first end token; None if there is none."""
        length = canvas.shape[1]
        if not len(self._stops):
            return [None] * len(canvas)
        positions = torch.where(torch.isin(canvas, self._stops), torch.arange(length), length)
        return [int(first) + 1 if first < length else None for first in positions.amin(dim=1)]

    def _group(self, context: MaskedContext, rows: Sequence[int], canvas: Tensor, ends: int | None) -> Tensor:
        """The logits of rows of one length, whose canvases `[n, L]` all end after as many positions, or none does."""
        prefix = torch.tensor([[*self._before, *context.rows[row]] for row in rows], dtype=torch.int64)
        border, length = prefix.shape[1], canvas.shape[1]
        shown = length if ends is None else ends
        after = torch.tensor(self._after if ends is None else (), dtype=torch.int64).expand(len(rows), -1)
        ids = torch.cat([prefix, canvas[:, :shown], after], dim=1).to(self.device)
        first = border - self._shifted
        logits = self.attention.logits(ids, border)[:, first : first + shown, : self.vocab_size].float()
        if shown == length:
            return logits
        behind = logits.new_zeros((len(rows), length - shown, self.vocab_size))
        return torch.cat([logits, behind], dim=1)


def by_key(keys: Sequence[Hashable], group: Callable[[list[int]], Tensor]) -> Tensor:
    """Return the results `[B, …]` of B rows that are worked out in groups of one key.

    Args:
        keys: of the rows.
        group: from the numbers of some rows to their results, in this order.
    """
    groups: dict[Hashable, list[int]] = {}
    for number, key in enumerate(keys):
        groups.setdefault(key, []).append(number)
    if len(groups) == 1:
        return group(list(range(len(keys))))
    parts = [group(numbers) for numbers in groups.values()]
    order = torch.tensor([number for numbers in groups.values() for number in numbers])
    return torch.cat(parts)[torch.argsort(order)]
