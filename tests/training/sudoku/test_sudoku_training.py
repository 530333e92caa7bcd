"""Training of a micro model: its arithmetic is the class's, a step learns, a resumed run is the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import DiffusionGemmaForBlockDiffusion

from canvasgen.models.embedded.sudoku.grid_tokens import CANVAS_LENGTH, SIZES, VOCABULARY, answer_ids
from canvasgen.training.puzzles import count_solutions, shape_of, split_of
from canvasgen.training.shared.lean import LeanModel, rms
from canvasgen.training.shared.saving import save_checkpoint, save_model
from canvasgen.training.sudoku import sudoku_tokenizer
from canvasgen.training.sudoku.board_loss import accepted, encode_shallow, noised, positions
from canvasgen.training.sudoku.puzzle_pool import Feed, Pool, held_out
from canvasgen.training.sudoku.sudoku_model import embedding, generation_config, model_config, starting_model
from canvasgen.training.sudoku.sudoku_trainer import Settings, Trainer


@pytest.fixture(scope="module")
def pools() -> dict[int, Pool]:
    return {size: Pool.make(size, 12, 0, "train") for size in SIZES}


def micro() -> DiffusionGemmaForBlockDiffusion:
    return starting_model(model_config(layers=3, intermediate_size=32), 0)


def trainer(pools: dict[int, Pool], minutes: float = 60.0) -> Trainer:
    settings = Settings(
        minutes=minutes, first=(1, 1, 2), counts=(1, 1, 2), copies=1, compile=False, half=False, warmup=1
    )
    return Trainer(micro(), pools, pools, settings)


@pytest.mark.parametrize("conditioned", [False, True])
def test_lean_arithmetic_is_the_class(pools: dict[int, Pool], conditioned: bool) -> None:
    model = micro().eval()
    batch = Feed(pools, 0).next({4: 1, 6: 1, 9: 1})
    lean = LeanModel(model)
    soft_logits = torch.randn(3, CANVAS_LENGTH, len(VOCABULARY)) * 3 if conditioned else None
    with torch.no_grad():
        soft = None if soft_logits is None else lean.soften(soft_logits)
        past = encode_shallow(lean, batch.prompts)
        mine = lean.logits(lean.decode(batch.canvas, positions(CANVAS_LENGTH), None, past, soft))
        theirs = model(
            input_ids=batch.prompts, decoder_input_ids=batch.canvas, self_conditioning_logits=soft_logits
        ).logits
    assert torch.allclose(mine, theirs, atol=1e-4)


def test_the_first_layer_starts_by_fetching(pools: dict[int, Pool]) -> None:
    """With one other token in the prompt, the first layer adds something else at its place, and hardly elsewhere."""
    lean = LeanModel(micro())
    batch = Feed(pools, 0).next({9: 1})
    other = batch.prompts.clone()
    other[0, 40] = batch.prompts[0, 41]
    noise = torch.randint(0, len(VOCABULARY), (1, CANVAS_LENGTH), generator=torch.Generator().manual_seed(0))
    where = positions(CANVAS_LENGTH)
    cos, sin = lean.cos[where][:, :, None], lean.sin[where][:, :, None]
    seen: list[torch.Tensor] = []
    with torch.no_grad():
        x = rms(torch.nn.functional.embedding(noise, lean.embedding), None, lean.eps)
        for prompt in (batch.prompts, other):
            seen.append(lean.layer(x, 0, cos, sin, None, encode_shallow(lean, prompt)[0])[0])
    change = (seen[0] - seen[1]).norm(dim=-1)[0]
    assert change.argmax() == 40
    assert change.quantile(0.9) < 0.1 * change[40]


@pytest.mark.slow
def test_steps_lower_the_loss(pools: dict[int, Pool]) -> None:
    run = trainer(pools)
    losses = [run.step()["blank_loss"] for _ in range(8)]
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.slow
def test_resumed_run_is_the_same_run(pools: dict[int, Pool], tmp_path: Path) -> None:
    straight = trainer(pools, 1e12)
    for _ in range(2):
        straight.step()
    save_checkpoint(tmp_path / "checkpoint.pt", straight.state())
    resumed = trainer(pools, 1e12)
    resumed.restore(torch.load(tmp_path / "checkpoint.pt", weights_only=False))
    assert (resumed.elapsed, resumed.puzzles) == (straight.elapsed, straight.puzzles)
    for _ in range(2):
        a, b = straight.step(), resumed.step()
        assert {k: v for k, v in a.items() if k != "seconds"} == {
            k: v for k, v in b.items() if k != "seconds"
        }
    for mine, theirs in zip(straight.optimising.parameters, resumed.optimising.parameters, strict=True):
        assert torch.equal(mine, theirs)


def test_saved_embedding_is_the_factorised_one(pools: dict[int, Pool], tmp_path: Path) -> None:
    run = trainer(pools)
    run.step()
    run.swap()
    save_model(tmp_path / "weights", run.model, sudoku_tokenizer.build(), generation_config())
    average = run.lean.embedding.clone()
    run.swap()
    again = DiffusionGemmaForBlockDiffusion.from_pretrained(tmp_path / "weights")
    saved = again.get_input_embeddings().weight
    assert torch.equal(saved, average)
    assert not torch.equal(saved, run.lean.embedding)
    resumed = Trainer(again, pools, pools, run.settings)
    assert torch.allclose(embedding(resumed.basis), saved, atol=1e-5), "a run can go on from saved weights"


def test_looking_leaves_the_run_alone(pools: dict[int, Pool]) -> None:
    run = trainer(pools)
    run.step()
    before = [p.detach().clone() for p in run.optimising.parameters]
    found = run.look(2, 2)["held_out"]
    assert all(0 <= share <= 1 for shares in found.values() for share in shares.values())
    for mine, kept in zip(run.optimising.parameters, before, strict=True):
        assert torch.equal(mine, kept)


def test_pools_keep_to_their_split_and_have_one_solution(pools: dict[int, Pool]) -> None:
    for size, pool in pools.items():
        for index, solution in enumerate(pool.solutions):
            assert split_of(solution, shape_of(size)) == "train"
            assert count_solutions(pool.puzzle(index, 0)) == 1
    batch = Feed(pools, 3).next({4: 4, 6: 4, 9: 4})
    assert batch.sizes.tolist() == [4] * 4 + [6] * 4 + [9] * 4
    assert (batch.blank.sum(1) + batch.given.sum(1) == batch.sizes**2).all()
    held = held_out(9, 40, 3, pools[9])
    assert held.given.sum(1).tolist() == [40] * 3
    assert np.array_equal(held.canvas[0].numpy(), answer_ids(pools[9].solutions[:1])[0])


def test_noise(pools: dict[int, Pool]) -> None:
    batch = Feed(pools, 0).next({4: 0, 6: 0, 9: 12}).repeat(20)
    canvas, right = noised(batch, len(VOCABULARY), 0.5, torch.Generator().manual_seed(0))
    assert torch.equal(right, canvas == batch.canvas)
    shares = right.float().mean(1)
    assert shares.min() < 0.05, "some rows are noise alone"
    assert (right | batch.blank).all(1).float().mean() > 0.3, "many rows hold all givens"
    slips = ~right & (canvas > 6) & (canvas <= 15)
    assert slips.any(1).float().mean() > 0.3, "some rows hold wrong digits"


def test_accepted_is_the_policys() -> None:
    from canvasgen.denoise.policy import accept

    doubt = torch.rand(5, 30, generator=torch.Generator().manual_seed(0)) * 0.1
    mine = accepted(doubt, torch.full((5, 1), 0.3))
    for row, kept in zip(doubt, mine, strict=True):
        assert torch.equal(accept(row.double(), 0.3), kept)
