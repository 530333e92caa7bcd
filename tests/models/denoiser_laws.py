"""The laws of `Denoiser`, as checks that any implementation can be put to."""

from __future__ import annotations

import torch

from canvasgen.denoise import Denoiser, Resizable, RowRandomness

LENGTHS = (5, 3, 5, 8)
"""Of the prompts."""
EQUAL = {"atol": 2e-4, "rtol": 2e-4}


def check(denoiser: Denoiser, seed: int) -> None:
    """Raise AssertionError if a law does not hold for prompts and canvases made from a seed."""
    for law in (
        what_it_says_of_itself,
        one_step,
        rows_alone,
        joined,
        blocks,
        both_directions,
        conditioning,
        lengths,
    ):
        law(denoiser, seed)


def prompts_of(denoiser: Denoiser, seed: int) -> list[list[int]]:
    text = torch.tensor([token for token, content in enumerate(denoiser.vocabulary.tokens) if content])
    generator = torch.Generator().manual_seed(seed)
    return [text[torch.randint(len(text), (length,), generator=generator)].tolist() for length in LENGTHS]


def canvas_of(denoiser: Denoiser, seed: int, rows: int = len(LENGTHS)) -> torch.Tensor:
    """Half of it fresh, half of it text."""
    length = denoiser.canvas_length
    numbers = RowRandomness([seed + row for row in range(rows)], length, denoiser.vocab_size)
    fresh = denoiser.noise.fresh(range(rows), length, numbers)
    text = torch.tensor([token for token, content in enumerate(denoiser.vocabulary.tokens) if content])
    generator = torch.Generator().manual_seed(seed)
    written = text[torch.randint(len(text), (rows, length), generator=generator)]
    return torch.where(torch.rand(rows, length, generator=generator) < 0.5, fresh, written)


def what_it_says_of_itself(denoiser: Denoiser, seed: int) -> None:
    assert isinstance(denoiser, Denoiser)
    assert denoiser.vocabulary.size == denoiser.vocab_size
    assert denoiser.canvas_length >= 1
    assert denoiser.max_context is None or denoiser.max_context > denoiser.canvas_length
    assert denoiser.defaults.max_denoising_steps >= 1


def one_step(denoiser: Denoiser, seed: int) -> None:
    context = denoiser.prefill(prompts_of(denoiser, seed))
    canvas = canvas_of(denoiser, seed)
    before = canvas.clone()
    logits = denoiser.denoise(context, canvas, None)
    assert logits.shape == (len(LENGTHS), denoiser.canvas_length, denoiser.vocab_size)
    assert logits.dtype == torch.float32
    assert not bool((logits.isnan() | (logits == torch.inf)).any())
    assert bool(torch.isfinite(logits).any(dim=-1).all()), "some token is possible at every position"
    assert torch.equal(canvas, before), "the canvas stays as it is"
    assert torch.equal(denoiser.denoise(context, canvas, None), logits), "the context stays usable"


def rows_alone(denoiser: Denoiser, seed: int) -> None:
    prompts, canvas = prompts_of(denoiser, seed), canvas_of(denoiser, seed)
    context = denoiser.prefill(prompts)
    logits = denoiser.denoise(context, canvas, None)
    for row, prompt in enumerate(prompts):
        alone = denoiser.denoise(denoiser.prefill([prompt]), canvas[row : row + 1], None)
        torch.testing.assert_close(alone[0], logits[row], **EQUAL)
    order = [2, 0, 0, 3]
    some = denoiser.denoise(denoiser.select(context, order), canvas[order], None)
    torch.testing.assert_close(some, logits[order], **EQUAL)
    torch.testing.assert_close(denoiser.denoise(context, canvas, None), logits, **EQUAL)


def joined(denoiser: Denoiser, seed: int) -> None:
    prompts, canvas = prompts_of(denoiser, seed), canvas_of(denoiser, seed)
    logits = denoiser.denoise(denoiser.prefill(prompts), canvas, None)
    parts = [denoiser.prefill(prompts[:1]), denoiser.prefill(prompts[1:])]
    together = denoiser.join(parts)
    torch.testing.assert_close(denoiser.denoise(together, canvas, None), logits, **EQUAL)
    torch.testing.assert_close(denoiser.denoise(parts[0], canvas[:1], None), logits[:1], **EQUAL)


def blocks(denoiser: Denoiser, seed: int) -> None:
    """A finished block is read like a part of the prompt, and the context before it stays usable."""
    prompts, canvas = prompts_of(denoiser, seed), canvas_of(denoiser, seed)
    done = canvas_of(denoiser, seed + 1)
    context = denoiser.prefill(prompts)
    before = denoiser.denoise(context, canvas, None)
    after = denoiser.commit(context, done)
    logits = denoiser.denoise(after, canvas, None)
    assert not torch.allclose(logits, before, **EQUAL), "it matters what has been written"
    longer = [[*prompt, *block] for prompt, block in zip(prompts, done.tolist(), strict=True)]
    torch.testing.assert_close(logits, denoiser.denoise(denoiser.prefill(longer), canvas, None), **EQUAL)
    torch.testing.assert_close(denoiser.denoise(context, canvas, None), before, **EQUAL)
    mixed = denoiser.join([denoiser.select(after, [1]), denoiser.select(context, [0])])
    torch.testing.assert_close(
        denoiser.denoise(mixed, canvas[[1, 0]], None), torch.stack([logits[1], before[0]]), **EQUAL
    )


def both_directions(denoiser: Denoiser, seed: int) -> None:
    """The first position's logits depend on the last position's token, and on the prompt."""
    prompts, canvas = prompts_of(denoiser, seed), canvas_of(denoiser, seed)
    logits = denoiser.denoise(denoiser.prefill(prompts), canvas, None)
    other = canvas.clone()
    other[:, -1] = torch.tensor([prompt[0] for prompt in prompts])
    other[:, -1] = torch.where(other[:, -1] == canvas[:, -1], torch.tensor(prompts[0][1]), other[:, -1])
    changed = denoiser.denoise(denoiser.prefill(prompts), other, None)
    place = min(1, denoiser.canvas_length - 1)
    moved = (changed[:, : place + 1] != logits[:, : place + 1]).any(dim=(1, 2))
    differs = other[:, -1] != canvas[:, -1]
    assert bool(moved[differs].all())
    reworded = [[*prompt[1:], prompt[1]] for prompt in prompts]
    assert not torch.allclose(denoiser.denoise(denoiser.prefill(reworded), canvas, None), logits, **EQUAL)


def conditioning(denoiser: Denoiser, seed: int) -> None:
    """A row whose first step it is has no self-conditioning."""
    context, canvas = denoiser.prefill(prompts_of(denoiser, seed)), canvas_of(denoiser, seed)
    logits = denoiser.denoise(context, canvas, None)
    again = denoiser.denoise(context, canvas, logits)
    some = torch.tensor([True, False, True, False])
    mixed = denoiser.denoise(context, canvas, logits, some)
    torch.testing.assert_close(mixed, torch.where(some[:, None, None], again, logits), **EQUAL)


def lengths(denoiser: Denoiser, seed: int) -> None:
    if not isinstance(denoiser, Resizable):
        return
    assert list(denoiser.canvas_lengths) == sorted(set(denoiser.canvas_lengths))
    assert denoiser.canvas_length in denoiser.canvas_lengths
    own = denoiser.canvas_length
    for length in denoiser.canvas_lengths[:: max(1, len(denoiser.canvas_lengths) // 3)]:
        if length + max(LENGTHS) > (denoiser.max_context or 64):
            continue
        twin = denoiser.with_canvas(length)
        assert (twin.canvas_length, denoiser.canvas_length) == (length, own)
        one_step(twin, seed)
