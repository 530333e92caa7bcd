"""The laws of `Noise`, as checks that any implementation can be put to."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from canvasgen.denoise import Editing, Noise, RowRandomness

ROWS, LENGTH, SIZE = 3, 5, 7


def check(noise: Noise, seed: int) -> None:
    """Raise AssertionError if a law does not hold for canvases made from a seed."""
    for law in (fresh_canvases, reading, one_step):
        law(noise, seed)


def randomness(seed: int) -> RowRandomness:
    return RowRandomness([seed, seed + 1, seed + 2], LENGTH, SIZE)


def fresh_canvases(noise: Noise, seed: int) -> None:
    fresh = noise.fresh([0, 1, 2], LENGTH, randomness(seed))
    assert fresh.shape == (ROWS, LENGTH), "a canvas for each row"
    assert fresh.dtype == torch.int64
    assert bool(((fresh >= 0) & (fresh < SIZE)).all()), "of tokens"
    again = noise.fresh([0, 1, 2], LENGTH, randomness(seed))
    assert torch.equal(fresh, again), "the random numbers decide"
    numbers = randomness(seed)
    first, second = (noise.fresh([0, 1, 2], LENGTH, numbers) for _ in range(2))
    assert noise.varies != torch.equal(first, second), "it says whether they differ"
    alone = noise.fresh([1], LENGTH, randomness(seed))
    assert torch.equal(fresh[1:2], alone), "a row's canvas does not depend on the other rows"


def steps(noise: Noise, seed: int, count: int = 4) -> Iterator[tuple[torch.Tensor, ...]]:
    """Canvas, decided, accepted, drawn and rest of some steps that the noise itself leads through."""
    generator = torch.Generator().manual_seed(seed)
    numbers = randomness(seed)
    canvas = noise.fresh([0, 1, 2], LENGTH, numbers)
    decided = torch.zeros(ROWS, LENGTH, dtype=torch.bool)
    for _ in range(count):
        accepted = torch.rand(ROWS, LENGTH, generator=generator) < 0.4
        drawn = torch.randint(SIZE - 1, (ROWS, LENGTH), generator=generator)
        rest = noise.fresh([0, 1, 2], LENGTH, numbers)
        yield canvas, decided, accepted, drawn, rest
        canvas, decided = noise.renoise(canvas, decided, accepted, drawn, rest)


def reading(noise: Noise, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for canvas, decided, *_ in steps(noise, seed):
        logits = torch.randn(ROWS, LENGTH, SIZE, generator=generator)
        before = logits.clone()
        read = noise.read(logits, canvas, decided)
        assert torch.equal(logits, before), "the logits stay as they are"
        shares = torch.softmax(read, dim=-1)
        assert bool(torch.isfinite(shares).all()), "they mean a distribution"
        alone = noise.read(logits[1:2], canvas[1:2], decided[1:2])
        assert torch.equal(read[1:2], alone), "a row's reading does not depend on the other rows"
        order = torch.argsort(logits[~decided], dim=-1)
        possible = read[~decided].gather(-1, order)
        possible = possible[possible > -torch.inf]
        assert len(possible) >= (SIZE - 1) * int((~decided).sum()), "one token at most is ruled out"


def one_step(noise: Noise, seed: int) -> None:
    for canvas, decided, accepted, drawn, rest in steps(noise, seed):
        given = [part.clone() for part in (canvas, decided, accepted, drawn, rest)]
        new, now = noise.renoise(canvas, decided, accepted, drawn, rest)
        for part, before in zip((canvas, decided, accepted, drawn, rest), given, strict=True):
            assert torch.equal(part, before), "the arguments stay as they are"
        assert bool(now[accepted].all()), "what is accepted is decided"
        first = accepted & ~decided
        assert torch.equal(new[first], drawn[first]), "a position that is accepted first gets its token"
        assert torch.equal(new[~now], rest[~now]), "an undecided position holds what the rest has there"
        kept = now & ~accepted
        assert bool(decided[kept].all()), "nothing is decided but by being accepted"
        stays = new[kept] == canvas[kept]
        if isinstance(noise, Editing):
            stays |= new[kept] == drawn[kept]
        assert bool(stays.all()), (
            "what stays decided keeps its token, or gets this step's where it may be edited"
        )
        again = accepted & decided
        same = (new == drawn) | (new == canvas)
        assert bool(same[again].all()), "a token comes from this step or stays"
        alone = noise.renoise(canvas[1:2], decided[1:2], accepted[1:2], drawn[1:2], rest[1:2])
        assert torch.equal(new[1:2], alone[0]), "a row's canvas does not depend on the other rows"
        assert torch.equal(now[1:2], alone[1])
