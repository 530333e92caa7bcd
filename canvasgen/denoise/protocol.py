"""What the denoising loop asks of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    import torch

    from canvasgen.denoise.noise import Noise
    from canvasgen.vocabulary import Vocabulary

__all__ = ["TOLD", "Context", "Defaults", "Denoiser", "Resizable", "SelfConditioning"]

SelfConditioning: TypeAlias = Literal["model", "constrained", "forms", "templates"]
"""What a model is told of its last answer; see `Policy.self_conditioning`."""
TOLD: tuple[SelfConditioning, ...] = ("model", "constrained", "forms", "templates")

Context: TypeAlias = Any
"""What a denoiser remembers of the text so far, for B rows; opaque to the loop, never changed in place."""


@dataclass(frozen=True)
class Defaults:
    """How a model wants to be run; the values are DiffusionGemma's.

    Attributes:
        max_denoising_steps: steps a block takes at most.
        t_min, t_max: temperature at the last and the first step, linear between them.
        entropy_bound: nats; how much joint uncertainty the positions accepted in one step may have.
        stability: for how many steps the best canvas must stay the same before it is committed.
        confidence: nats; mean entropy of a position below which a block may be committed.
        max_tokens: token budget where the caller names none.
        self_conditioning: what it is told of its last answer.
    """

    max_denoising_steps: int = 48
    t_min: float = 0.4
    t_max: float = 0.8
    entropy_bound: float = 0.1
    stability: int = 1
    confidence: float = 0.005
    max_tokens: int = 256
    self_conditioning: SelfConditioning = "model"


@runtime_checkable
class Denoiser(Protocol):
    """A block-diffusion language model: B rows, a canvas of L positions, a vocabulary of V tokens."""

    @property
    def canvas_length(self) -> int:
        """L."""
        ...

    @property
    def vocab_size(self) -> int:
        """V."""
        ...

    @property
    def vocabulary(self) -> Vocabulary:
        """The V tokens' bytes, the end tokens and the pad token."""
        ...

    @property
    def max_context(self) -> int | None:
        """Positions that prompt and answer may have together; None: no limit."""
        ...

    @property
    def noise(self) -> Noise:
        """What an undecided position holds, and how canvases change from step to step."""
        ...

    @property
    def defaults(self) -> Defaults:
        """How the model wants to be run."""
        ...

    def prefill(self, prompts: Sequence[Sequence[int]]) -> Context:
        """Reads B prompts of any lengths; a row's answers do not depend on the other rows."""
        ...

    def select(self, context: Context, rows: Sequence[int]) -> Context:
        """The context of only these rows, in this order, perhaps some of them twice; the given one stays usable."""
        ...

    def join(self, contexts: Sequence[Context]) -> Context:
        """The rows of several contexts as one, in order; what they have read may differ in length.

        A row's answers do not depend on what it is joined with. The given ones stay usable.
        """
        ...

    def denoise(
        self,
        context: Context,
        canvas: torch.Tensor,
        self_conditioning: torch.Tensor | None,
        conditioned: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """One step: canvas int64 `[B, L]` -> logits float32 `[B, L, V]`.

        Args:
            context: of the B rows.
            canvas: the tokens.
            self_conditioning: `[B, L, V]`, the (constrained) logits of each row's step before; None if this is the first
                step of all rows, or the model has no use for them.
            conditioned: bool `[B]`, False for the rows whose first step this is: their `self_conditioning` means
                nothing. None: all have one. Given only where `self_conditioning` is.
        """
        ...

    def commit(self, context: Context, ids: torch.Tensor) -> Context:
        """The context with a finished block, int64 `[B, L]`, read to its end; the given one stays usable."""
        ...


@runtime_checkable
class Resizable(Protocol):
    """A denoiser that can take canvases of several lengths; one that cannot does without these two."""

    @property
    def canvas_lengths(self) -> tuple[int, ...]:
        """Those that it was trained for, increasing, with its own."""
        ...

    def with_canvas(self, length: int) -> Denoiser:
        """The same model with another of these lengths as its own."""
        ...
