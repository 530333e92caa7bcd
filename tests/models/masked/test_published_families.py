"""The published families at tiny sizes: the laws, the reference passes of their code, loading, and whole answers."""

from __future__ import annotations

import json

import denoiser_laws
import pytest
import tiny_families
import torch
from tiny_families import END, MASK, TURN, code_of, denoiser_of, model_of, wrapped_tokenizer

import canvasgen as cg
from canvasgen.denoise import Editing, Mask
from canvasgen.errors import ModelError
from canvasgen.models.masked.attention import probed
from canvasgen.models.masked.causal_context import CausalContextModel
from canvasgen.models.masked.masked_model import MaskedModel

NAMES = sorted(tiny_families.FAMILIES)
CLOSE = {"atol": 1e-4, "rtol": 1e-4}


def some_ids(*shape, seed=0):
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", NAMES)
def test_it_obeys_the_laws(name):
    denoiser_laws.check(denoiser_of(name), 3)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_configuration_says(name):
    made = denoiser_of(name)
    assert made.mask_id == MASK
    assert made.max_context == 512
    assert made.vocabulary.end_ids == (END, TURN), "a text ends like a text or like a turn"
    assert made.vocabulary.tokens[MASK] is None
    kind = Editing if name == "llada2.1" else Mask
    assert type(made.noise) is kind
    assert isinstance(made, CausalContextModel if name == "nemotron" else MaskedModel)
    blocks = {"llada": 128, "dream": 128, "sdar": 4}
    assert made.canvas_length == blocks.get(name, 8)


def test_llada_reads_the_whole_sequence():
    model, made = model_of("llada"), denoiser_of("llada").with_canvas(16)
    prompt, canvas = some_ids(2, 7), some_ids(2, 16, seed=1)
    canvas[:, ::2] = MASK
    expected = model(torch.cat([prompt, canvas], 1)).logits[:, 7:]
    torch.testing.assert_close(made.denoise(made.prefill(prompt.tolist()), canvas, None), expected, **CLOSE)


def test_dream_predicts_the_next_token():
    model, made = model_of("dream"), denoiser_of("dream").with_canvas(16)
    prompt, canvas = some_ids(2, 7), some_ids(2, 16, seed=1)
    logits = model(torch.cat([prompt, canvas], 1), "full").logits
    shifted = torch.cat([logits[:, :1], logits[:, :-1]], 1)  # as its generation code does
    torch.testing.assert_close(
        made.denoise(made.prefill(prompt.tolist()), canvas, None), shifted[:, 7:], **CLOSE
    )


@pytest.mark.parametrize(
    ("name", "form"), [("llada2", "additive"), ("llada2.1", "bool"), ("llada2-ones", "ones")]
)
def test_llada2_reads_blocks_as_its_generate_does(name, form):
    """For prompts of whole blocks; elsewhere blocks are counted from the prompt's end."""
    model, made = model_of(name), denoiser_of(name)
    assert made.attention.form == form
    prompt, canvas = some_ids(2, 16), some_ids(2, 8, seed=1)
    ids = torch.cat([prompt, canvas], 1)
    positions = torch.arange(24)
    blocks = positions // 8
    seen = (blocks[:, None] >= blocks[None]).expand(2, 1, 24, 24)
    masks = {
        "additive": torch.where(seen, 0.0, -torch.inf),
        "bool": seen.float(),
        "ones": torch.ones(2, 24, dtype=torch.int64),
    }
    expected = model(ids, attention_mask=masks[form], position_ids=positions.expand(2, -1)).logits[:, 16:]
    torch.testing.assert_close(made.denoise(made.prefill(prompt.tolist()), canvas, None), expected, **CLOSE)


def test_the_forms_of_a_mask_say_the_same():
    """A model that makes its own blocks gets unseen padding, so that they begin where ours do."""
    ours, theirs = denoiser_of("llada2"), denoiser_of("llada2-ones")
    prompt, canvas = some_ids(1, 11).tolist(), some_ids(1, 8, seed=1)
    torch.testing.assert_close(
        ours.denoise(ours.prefill(prompt), canvas, None),
        theirs.denoise(theirs.prefill(prompt), canvas, None),
        **CLOSE,
    )


def test_sdar_without_a_cache_is_sdar_with_its_cache():
    from transformers.cache_utils import DynamicCache

    model, made = model_of("sdar"), denoiser_of("sdar")
    prompt, first, second = some_ids(1, 8), some_ids(1, 4, seed=1), some_ids(1, 4, seed=2)
    cache = DynamicCache()
    blocks = torch.arange(8) // 4
    seen = (blocks[:, None] >= blocks[None])[None]
    with torch.no_grad():
        model(
            prompt,
            attention_mask=seen,
            position_ids=torch.arange(8)[None],
            past_key_values=cache,
            store_kv=True,
        )
        for at, block in ((8, first), (12, second)):
            here = {
                "attention_mask": torch.ones(1, 4, at + 4),
                "position_ids": torch.arange(at, at + 4)[None],
                "past_key_values": cache,
            }
            expected = model(block, **here).logits
            context = (
                made.prefill(prompt.tolist())
                if at == 8
                else made.commit(made.prefill(prompt.tolist()), first)
            )
            torch.testing.assert_close(made.denoise(context, block, None), expected, **CLOSE)
            model(block, **here, store_kv=True)


def test_nemotron_reads_causally_and_in_blocks():
    model, made = model_of("nemotron"), denoiser_of("nemotron")
    prompt, canvas = some_ids(1, 6), some_ids(1, 8, seed=1)
    canvas[:, [0, 3]] = MASK
    context = made.prefill(prompt.tolist())
    with torch.no_grad():
        for layer in model.layers:
            layer.diffusion_lm = False
        read = model(prompt, use_cache=True, use_causal_mask=True)
        for layer in model.layers:
            layer.diffusion_lm = True
        expected = model(canvas, past_key_values=read.past_key_values, use_cache=False).logits
    expected[:, 0] = read.logits[:, -1]  # the first token of a block is the causal head's
    torch.testing.assert_close(made.denoise(context, canvas, None), expected, **CLOSE)
    decided = canvas.clone()
    decided[:, 0] = 65
    with torch.no_grad():
        expected = model(decided, past_key_values=read.past_key_values, use_cache=False).logits
    torch.testing.assert_close(made.denoise(context, decided, None), expected, **CLOSE)
    assert all(layer.diffusion_lm for layer in made.model.layers), "the switch is where it was"


SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 6}, "open": {"type": "boolean"}},
    "required": ["name", "open"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("name", NAMES)
def test_whole_answers_are_valid(name):
    """JSON over several canvases, a choice and a template; every family, through the engine."""
    engine = cg.load((denoiser_of(name), wrapped_tokenizer()))
    done = engine.complete("Hi", schema=SCHEMA, max_tokens=64, max_denoising_steps=4, seed=1)
    assert set(done.value) == {"name", "open"}
    assert json.loads(done.text) == done.value
    assert MASK not in done.token_ids
    assert engine.generate("Hi", choice=["yes", "no"], max_denoising_steps=4, seed=1) in ("yes", "no")
    line = cg.template("Dear {who}!", who=cg.regex("[a-z]{1,4}"))
    assert engine.generate("Hi", template=line, max_denoising_steps=4, seed=2).text.startswith("Dear ")


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_loads_with_the_code_in_it(name, published, code_cache):
    before = sorted(code_cache.rglob("*.py"))
    folder = published(name)
    with pytest.raises(ModelError, match="code that comes with its weights has to run") as refused:
        cg.load(folder, device="cpu")
    assert refused.value.rule == "trust_remote_code"
    assert sorted(code_cache.rglob("*.py")) == before, "nothing of it has been run, nor copied"
    engine = cg.load(folder, device="cpu", trust_remote_code=True)
    mine, theirs = denoiser_of(name), engine.denoiser
    assert theirs.vocabulary.fingerprint == mine.vocabulary.fingerprint
    prompt, canvas = some_ids(1, 9).tolist(), some_ids(1, mine.canvas_length, seed=4)
    torch.testing.assert_close(
        theirs.denoise(theirs.prefill(prompt), canvas, None),
        mine.denoise(mine.prefill(prompt), canvas, None),
        **CLOSE,
    )


def test_a_pair_loads_by_its_configuration():
    engine = cg.load((model_of("dream"), wrapped_tokenizer()))
    assert isinstance(engine.denoiser, MaskedModel)
    assert engine.denoiser.noise == Mask(MASK)


def test_a_model_that_reads_one_way_is_refused():
    """Such as an ordinary model under the name of one of these."""

    class OneWay(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.table = torch.nn.Parameter(torch.randn(9, 9, generator=torch.Generator().manual_seed(1)))

        def forward(self, ids, attention_mask=None, position_ids=None):
            return type("Output", (), {"logits": self.table[ids].cumsum(1)})

    with pytest.raises(ModelError, match="it reads from left to right") as refused:
        probed(OneWay(), None, torch.tensor([3, 4, 5, 6]), 7)
    assert refused.value.rule == "attention"
    with pytest.raises(ModelError, match="bool: it reads from left to right; additive: it reads") as refused:
        probed(OneWay(), 2, torch.tensor([3, 4, 5, 6]), 7)


def test_a_model_that_ignores_its_blocks_is_refused():
    model = model_of("llada")
    with pytest.raises(ModelError, match="a block sees a later one"):
        probed(lambda ids, **arguments: model(ids), 2, torch.tensor([3, 4, 5, 6]), 7)


def test_a_model_without_the_switch_is_no_nemotron():
    with pytest.raises(ModelError, match="diffusion_lm"):
        CausalContextModel(model_of("llada"), denoiser_of("llada").vocabulary, mask_id=MASK, canvas_length=8)


def test_a_wrong_mask_token_is_refused():
    with pytest.raises(ModelError, match="the mask token 999 is none of the 260 tokens"):
        denoiser_of("llada", mask_token_id=999)
    with pytest.raises(ModelError, match="cannot be an end token"):
        denoiser_of("llada", mask_token_id=END)


def test_which_token_is_the_mask():
    """The configuration's, else the tokenizer's, else the only special token that is called a mask."""
    denoiser = tiny_families.FAMILIES["llada"].architecture.denoiser
    words = wrapped_tokenizer()
    words.mask_token = None
    assert denoiser(model_of("llada", mask_token_id=None), words).mask_id == MASK
    words.add_special_tokens({"additional_special_tokens": ["<|mask_2|>"]})
    with pytest.raises(ModelError, match="says which token is the mask"):
        denoiser(model_of("llada", mask_token_id=None, embedding_size=261), words)


def test_llada21_edits_what_its_generate_edits():
    """Its `generate` fills one row greedily; the same thresholds as noise come to the same tokens, step by step."""
    code_of("modeling_llada2_moe")
    model, made = model_of("llada2.1"), denoiser_of("llada2.1")
    prompt = some_ids(1, 8)
    expected = model.generate(prompt, block_length=8, gen_length=8, threshold=0.7, editing_threshold=0.9)[
        :, 8:
    ]
    noise = made.noise
    canvas, decided = torch.full((1, 8), MASK), torch.zeros(1, 8, dtype=torch.bool)
    context = made.prefill(prompt.tolist())
    for _ in range(20):
        logits = made.denoise(context, canvas, None)
        logits[..., MASK] = -torch.inf
        sure = logits.softmax(-1).amax(-1)
        accepted = ~decided & (sure > 0.7)
        if not bool(decided.all()) and not bool(accepted.any()):
            accepted = ~decided & (sure == sure[~decided].max())
        drawn = noise.read(logits, canvas, decided).argmax(-1)
        canvas, decided = noise.renoise(canvas, decided, accepted, drawn, torch.full_like(canvas, MASK))
    assert torch.equal(canvas, expected)


def test_a_canvas_of_another_length_is_refused():
    for name, length in (("llada", 100), ("sdar", 8)):
        with pytest.raises(ModelError, match="does not take canvases of this length"):
            denoiser_of(name).with_canvas(length)
