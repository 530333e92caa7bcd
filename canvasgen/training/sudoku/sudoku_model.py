"""The configuration and the starting weights of the Sudoku model."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import DiffusionGemmaConfig, DiffusionGemmaForBlockDiffusion
from transformers.models.diffusion_gemma.generation_diffusion_gemma import (
    DiffusionGemmaGenerationConfig,
    EntropyBoundSamplerConfig,
)

from canvasgen.models.embedded.special_tokens import BOS_ID, EOS_ID, PAD_ID
from canvasgen.models.embedded.sudoku.grid_tokens import CANVAS_LENGTH, DIGIT_0, FIRST_CELL, VOCABULARY
from canvasgen.training.shared.small_model import new_model, small_config
from canvasgen.training.sudoku.cell_features import (
    BOXES,
    COLUMNS,
    CONSTANT,
    FEATURES,
    ROWS,
    SIZE,
    VALUES,
    features,
)

__all__ = ["generation_config", "model_config", "starting_model"]

HIDDEN, HEADS, HEAD_DIM = 128, 4, 32
FETCHED = FEATURES
"""Hidden coordinates of a cell's own size, place and given, once the first layer has fetched them; then of the digits
in its row, column and box."""
SEEN = FETCHED + FEATURES - SIZE


def model_config(layers: int = 6, intermediate_size: int = 320) -> DiffusionGemmaConfig:
    """The configuration; see ``small_config``."""
    return small_config(len(VOCABULARY), CANVAS_LENGTH, HIDDEN, layers, intermediate_size, HEADS, HEAD_DIM)


def generation_config() -> DiffusionGemmaGenerationConfig:
    """Defaults of the model's own ``generate()``."""
    return DiffusionGemmaGenerationConfig(
        max_new_tokens=CANVAS_LENGTH,
        max_denoising_steps=24,
        sampler_config=EntropyBoundSamplerConfig(entropy_bound=0.1),
        t_min=0.9,
        t_max=1.1,
        stability_threshold=1,
        confidence_threshold=0.005,
        pad_token_id=PAD_ID,
        eos_token_id=[EOS_ID],
        bos_token_id=BOS_ID,
    )


@torch.no_grad()
def starting_basis(seed: int) -> Tensor:
    """B `[FEATURES, hidden]` of the factorised embedding E = F B: nearly, every feature has its own coordinate."""
    generator = torch.Generator().manual_seed(seed)
    basis = 0.02 * torch.randn(FEATURES, HIDDEN, generator=generator)
    basis[torch.arange(FEATURES), torch.arange(FEATURES)] += 0.5
    basis[torch.arange(FIRST_CELL), torch.arange(FIRST_CELL)] += 0.4
    return basis


def embedding(basis: Tensor) -> Tensor:
    """E `[V, hidden]`."""
    return torch.from_numpy(features()) @ basis


@torch.no_grad()
def starting_model(config: DiffusionGemmaConfig, seed: int = 0) -> DiffusionGemmaForBlockDiffusion:
    """A model that can find its way on the board before it has learnt anything.

    Attention sees relative positions only, and noise says nothing of where it stands. So two heads of the first
    layer start by reading the prompt's token a canvas length before: size, place and given of the cell. In the
    layers above, but for the last (whose values are its keys), three heads start by looking along the row, the
    column and the box; in the second layer they gather the digits found there. All of it is trained on.
    """
    model = new_model(config, seed)
    whole: Any = model
    layers = whole.model.decoder.layers
    generator = torch.Generator().manual_seed(seed + 1)
    noise = 0.1 * HIDDEN**-0.5
    with torch.no_grad():
        embedded: Any = whole.model.decoder.embed_tokens.weight
        embedded.copy_(embedding(starting_basis(seed)))
        _fetch(layers[0], noise, generator)
        for layer in layers[1:-1]:
            _look_along_units(layer.self_attn, noise, generator)
        _gather_digits(layers[1].self_attn, noise, generator)
    return model


def _head(weight: Tensor, number: int) -> Tensor:
    return weight[number * HEAD_DIM : (number + 1) * HEAD_DIM]


def _fetch(layer: Any, noise: float, generator: torch.Generator) -> None:
    """Heads 0 and 1 read what stands `CANVAS_LENGTH` before."""
    attention = layer.self_attn
    half = HEAD_DIM // 2
    frequencies = 10_000.0 ** (-torch.arange(half) / half)
    strengths = torch.tensor([12.0, 8.0, 5.0, 3.0, 2.0, 1.0, 1.0, *[0.0] * (half - 7)]).sqrt()
    angles = CANVAS_LENGTH * frequencies  # the key is turned on by as much as it stands behind
    query = torch.cat((strengths, torch.zeros(half)))
    key = torch.cat((strengths * angles.cos(), strengths * angles.sin()))
    attention.q_norm.weight.fill_(0.9)
    attention.k_norm.weight.fill_(0.9)
    layer.post_attention_layernorm.weight.fill_(1.0)
    for number, start, count in ((0, SIZE, VALUES - SIZE), (1, VALUES, FEATURES - VALUES)):
        for weight, vector in ((attention.q_proj.weight, query), (attention.k_proj.weight, key)):
            rows = _head(weight, number)
            rows.normal_(0.0, 0.2 * noise, generator=generator)
            rows[:, CONSTANT] += vector
        _carry(
            attention,
            number,
            noise,
            generator,
            [(start + n, n, FETCHED + start - SIZE + n) for n in range(count)],
        )
    rows = _head(attention.v_proj.weight, 1)
    for name, place in ((3, 10), (4, 11), (5, 12)):  # the prompt's marks of a row's end, the end and the rest
        rows[place, name] += 1.0
        attention.o_proj.weight[name, HEAD_DIM + place] += 0.3


def _carry(
    attention: Any, number: int, noise: float, generator: torch.Generator, routes: list[tuple[int, int, int]]
) -> None:
    """A head's values read hidden coordinates and its output writes others: (from, through, to)."""
    values = _head(attention.v_proj.weight, number)
    outputs = attention.o_proj.weight[:, number * HEAD_DIM : (number + 1) * HEAD_DIM]
    values.normal_(0.0, noise, generator=generator)
    outputs.normal_(0.0, noise, generator=generator)
    for source, through, target in routes:
        values[through, source] += 1.0
        outputs[target, through] = 1.0


def _look_along_units(attention: Any, noise: float, generator: torch.Generator) -> None:
    """Heads 0, 1, 2 attend to cells of the same row, column, box, through the slowest rotary frequencies."""
    slow = torch.arange(HEAD_DIM // 2 - 5, HEAD_DIM // 2)
    dims = torch.cat((slow, slow + HEAD_DIM // 2))[:9]
    for number, start in enumerate((ROWS, COLUMNS, BOXES)):
        for weight in (attention.q_proj.weight, attention.k_proj.weight):
            rows = _head(weight, number)
            rows.normal_(0.0, noise, generator=generator)
            rows[dims, FETCHED + start - SIZE + torch.arange(9)] += 1.0


def _gather_digits(attention: Any, noise: float, generator: torch.Generator) -> None:
    """The second layer's heads 0, 1, 2 carry givens and digits on the canvas."""
    for number in range(3):
        given, target = FETCHED + VALUES - SIZE, SEEN + 9 * number
        routes = [(given + digit, digit - 1, target + digit - 1) for digit in range(1, 10)]
        routes += [(DIGIT_0 + digit, digit - 1, target + digit - 1) for digit in range(1, 10)]
        _carry(attention, number, noise, generator, routes)
