"""Training on a micro model: lean arithmetic is the class's own, a step learns, a resumed run is the same."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from transformers import DiffusionGemmaForBlockDiffusion

from canvasgen.models.embedded.special_tokens import EOS_ID, PAD_ID
from canvasgen.models.embedded.tiny import WEIGHTS
from canvasgen.training.shared.averaging import averaged
from canvasgen.training.shared.growing import grown
from canvasgen.training.shared.lean import LeanModel
from canvasgen.training.shared.masking import with_mask
from canvasgen.training.shared.saving import save_checkpoint, save_model
from canvasgen.training.shared.small_model import new_model
from canvasgen.training.tiny import text_tokenizer
from canvasgen.training.tiny.batches import (
    Encoded,
    Feed,
    collate,
    encode,
    noise,
    slip,
    stretch,
)
from canvasgen.training.tiny.data.examples import Split, example, examples
from canvasgen.training.tiny.evaluate import leaves, right_values, summary
from canvasgen.training.tiny.text_loss import run_encoder, sampler_step
from canvasgen.training.tiny.text_model import generation_config, model_config
from canvasgen.training.tiny.text_trainer import Settings, Trainer
from canvasgen.training.tiny.wrong_texts import STRUCTURE, TAIL


def held_out_rows(words: Tokenizer, split: Split, count: int, level: int) -> list[Encoded]:
    found = itertools.islice(examples(1, split, level), count)
    return encode(words, [(one, level) for one in found])


@pytest.fixture(scope="module")
def words() -> Tokenizer:
    return text_tokenizer.load(WEIGHTS)


def micro(words: Tokenizer) -> DiffusionGemmaForBlockDiffusion:
    return new_model(
        model_config(
            words.get_vocab_size(), hidden_size=32, layers=2, intermediate_size=48, heads=2, head_dim=16
        ),
        0,
    )


def trainer(words: Tokenizer) -> Trainer:
    return Trainer(
        micro(words),
        words,
        Settings(minutes=60, tokens=600, compile=False, half=False, warmup=1, conditioned=0.5, next_rate=0.7),
    )


@pytest.mark.parametrize("conditioned", [False, True])
def test_lean_arithmetic_is_the_class(words: Tokenizer, conditioned: bool) -> None:
    """Rows of different lengths, padded, against the real class one row at a time."""
    torch.manual_seed(0)
    model = micro(words).eval()
    with torch.no_grad():
        for p in model.model.decoder.parameters():
            p.add_(torch.randn_like(p) * 0.05)
        for layer in model.model.decoder.layers:
            layer.post_feedforward_layernorm_2.weight.zero_()
    lean = LeanModel(model)
    rows = held_out_rows(words, "test", 3, 2)
    batch = collate(rows, 64)
    soft_logits = torch.randn(3, 64, words.get_vocab_size()) * 3 if conditioned else None
    with torch.no_grad():
        coded = run_encoder(lean, batch)
        soft = None if soft_logits is None else lean.soften(soft_logits)
        mine = lean.logits(lean.decode(batch.canvas, coded.positions, coded.mask, coded.past, soft))
        for index, row in enumerate(rows):
            theirs = model(
                input_ids=torch.tensor([row.prompt]),
                decoder_input_ids=batch.canvas[index : index + 1],
                self_conditioning_logits=None if soft_logits is None else soft_logits[index : index + 1],
            ).logits
            assert torch.allclose(mine[index], theirs[0], atol=1e-4), float(
                (mine[index] - theirs[0]).abs().max()
            )


@pytest.mark.slow
def test_steps_lower_the_loss(words: Tokenizer) -> None:
    run = trainer(words)
    losses = [run.step()["denoise_loss"] for _ in range(60)]
    assert sum(losses[-5:]) < 0.92 * sum(losses[:5])


@pytest.mark.slow
def test_resumed_run_is_the_same_run(words: Tokenizer, tmp_path: Path) -> None:
    straight = trainer(words)
    for _ in range(3):
        straight.step()
    save_checkpoint(tmp_path / "checkpoint.pt", straight.state())
    resumed = trainer(words)
    resumed.restore(torch.load(tmp_path / "checkpoint.pt", weights_only=False))
    assert resumed.elapsed == straight.elapsed
    straight.settings.minutes = resumed.settings.minutes = 1e12
    for _ in range(2):
        a, b = straight.step(), resumed.step()
        assert {k: v for k, v in a.items() if k != "seconds"} == {
            k: v for k, v in b.items() if k != "seconds"
        }
    for mine, theirs in zip(straight.optimising.parameters, resumed.optimising.parameters, strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.slow
def test_two_runs_as_one(words: Tokenizer) -> None:
    one, other = trainer(words), trainer(words)
    for _ in range(2):
        one.step()
    for _ in range(3):
        other.step()
    states = [one.state()["optimising"], other.state()["optimising"]]
    expected = [(p + q) / 2 for p, q in zip(*(state["averages"] for state in states), strict=True)]
    both = averaged(states)
    merged = trainer(words)
    merged.restore({**one.state(), "optimising": both})
    assert merged.step_number == one.step_number
    for mine, wanted in zip(merged.optimising.averages, expected, strict=True):
        assert torch.allclose(mine, wanted)
    merged.step()
    with pytest.raises(ValueError, match="shapes differ"):
        averaged([{"a": torch.zeros(2)}, {"a": torch.zeros(3)}])


def test_a_grown_model_computes_the_same_and_every_layer_learns(words: Tokenizer) -> None:
    small = micro(words).eval()
    layers = len(small.model.decoder.layers)  # type: ignore[union-attr, arg-type]
    big = grown(small, 2 * layers - 1).eval()
    prompt, canvas = torch.randint(0, 900, (2, 9)), torch.randint(0, 900, (2, 14))
    with torch.no_grad():
        wanted = small(input_ids=prompt, decoder_input_ids=canvas).logits
        assert torch.equal(big(input_ids=prompt, decoder_input_ids=canvas).logits, wanted)
    before = [layer.post_attention_layernorm.weight.clone() for layer in big.model.decoder.layers]  # type: ignore[union-attr]
    assert sum(not bool(one.any()) for one in before) == layers - 1
    trainer = Trainer(big, words, Settings(compile=False, tokens=400, half=False))
    trainer.step()
    for layer, norm in zip(big.model.decoder.layers, before, strict=True):  # type: ignore[union-attr, arg-type]
        assert not torch.equal(layer.post_attention_layernorm.weight, norm)
    for wrong in (layers - 1, 2 * layers):
        with pytest.raises(ValueError, match="grows to at most"):
            grown(small, wrong)


def test_saved_folder_loads(words: Tokenizer, tmp_path: Path) -> None:
    model = micro(words)
    save_model(tmp_path / "weights", model, words, generation_config())
    again = DiffusionGemmaForBlockDiffusion.from_pretrained(tmp_path / "weights")
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    assert not (tmp_path / "weights.new").exists()
    assert again.generation_config.eos_token_id == [EOS_ID]


@pytest.mark.slow
def test_marks_and_noise(words: Tokenizer) -> None:
    feed = Feed(words, 0, 2000)
    feed.stage = 4
    batch = feed.next()
    assert (
        (batch.values == TAIL) == (torch.arange(batch.canvas.shape[1])[None] >= batch.lengths[:, None])
    ).all()
    made = noise(batch, words.get_vocab_size(), torch.Generator().manual_seed(0))
    assert torch.equal(made.canvas[~made.replaced], batch.canvas[~made.replaced])
    assert not (made.replaced & (made.pattern == 2)[:, None] & (batch.values == STRUCTURE)).any()
    assert made.replaced[made.pattern == 3].all()
    assert (made.weight > 0).all()
    as_it_is = ~made.misplaced & (made.pattern != 4)
    assert torch.equal(made.base[as_it_is], batch.canvas[as_it_is])


def test_values_of_other_widths_leave_the_form(words: Tokenizer) -> None:
    batch = collate(held_out_rows(words, "test", 12, 3), 256)
    rows = torch.arange(12) % 2 == 0
    mask_id = words.get_vocab_size()
    made = stretch(batch, rows, mask_id + 1, torch.Generator().manual_seed(0), mask_id)
    assert torch.equal(made[~rows], batch.canvas[~rows])
    for before, values, after in zip(batch.canvas[rows], batch.values[rows], made[rows], strict=True):
        rest = iter(after.tolist())
        form = [
            token for token, value in zip(before.tolist(), values.tolist(), strict=True) if value == STRUCTURE
        ]
        assert all(token in rest for token in form), "the form's tokens stand in order"


def test_noise_of_masks_is_the_mask_token(words: Tokenizer) -> None:
    batch = collate(held_out_rows(words, "test", 24, 3), 128)
    mask_id = words.get_vocab_size()
    made = noise(batch, mask_id + 1, torch.Generator().manual_seed(0), mask_id=mask_id)
    assert not made.misplaced.any(), "what a mask model is given is never wrong"
    plain = made.pattern != 4
    assert torch.equal(made.canvas[plain] == mask_id, made.replaced[plain])
    kept = plain[:, None] & ~made.replaced
    assert torch.equal(made.canvas[kept], batch.canvas[kept])
    assert bool((made.canvas[~plain] == mask_id).any())
    assert not bool((batch.canvas == mask_id).any())


@pytest.mark.slow
def test_a_sampler_of_masks_keeps_what_it_is_given(words: Tokenizer) -> None:
    masked = with_mask(micro(words))
    mask_id = words.get_vocab_size()
    run = Trainer(
        masked,
        words,
        Settings(
            minutes=60, tokens=400, compile=False, half=False, warmup=1, conditioned=1.0, mask_id=mask_id
        ),
    )
    row = run.step()
    assert row["denoise_loss"] > 0
    entropy, drawn = torch.tensor([[0.0, 9.0, 0.1]]), torch.tensor([[5, 6, 7]])
    stepped, accepted = sampler_step(entropy, drawn, mask_id + 1, torch.Generator().manual_seed(0), mask_id)
    assert bool(accepted[0, 0])
    assert torch.equal(stepped[~accepted], torch.full_like(stepped[~accepted], mask_id))


def test_slips_keep_all_but_one_token(words: Tokenizer) -> None:
    batch = collate(held_out_rows(words, "test", 8, 3), 128)
    for before, after in zip(batch.canvas, slip(batch, torch.Generator().manual_seed(0)), strict=True):
        kept = [int(token) for token in before if token != PAD_ID]
        changed = [int(token) for token in after if token != PAD_ID]
        assert abs(len(kept) - len(changed)) == 1
        longer, shorter = sorted((kept, changed), key=len, reverse=True)
        assert any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))


def test_value_marks_spell_the_values(words: Tokenizer) -> None:
    import random

    one = example(random.Random(3), False, 3)
    row = encode(words, [(one, 3)])[0]
    for start, end, number in one.spans:
        ids = [token for token, value in zip(row.answer, row.values, strict=True) if value == number]
        assert words.decode(ids) == one.text[start:end]


def test_evaluation_scores(words: Tokenizer) -> None:
    rows = held_out_rows(words, "test", 5, 1)
    rights = right_values(LeanModel(micro(words)), rows, steps=2)
    assert [len(right) for right in rights] == [max(row.values) + 1 for row in rows]
    assert 0 <= summary(rights)["objects"] <= summary(rights)["values"] <= 1
    assert leaves({"a": [1, {"b": None}]}) == {("a", 0): 1, ("a", 1, "b"): None}


def test_importing_the_package_is_light() -> None:
    import subprocess
    import sys

    names = "canvasgen.models.embedded.tiny.prompt_form, canvasgen.training.tiny.data.examples"
    code = f"import sys, {names}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
