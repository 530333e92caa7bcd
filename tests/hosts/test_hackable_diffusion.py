"""hackable-diffusion's own samplers with sessions, around a small network in JAX. Run by `make test-jax`."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("hackable_diffusion")
import jax
import jax.numpy as jnp
from hackable_diffusion.lib.corruption import discrete, schedules
from hackable_diffusion.lib.sampling import discrete_step_sampler, sampling, time_scheduling

import canvasgen as cg
from canvasgen.errors import ModelError, ValidationFailed
from canvasgen.integrations import HostModel
from canvasgen.integrations.hackable_diffusion import CanvasInference

LENGTH, STEPS = 16, 8
LETTERS = [bytes([byte]) for byte in (10, *range(32, 127))]
VOCABULARY = cg.Vocabulary([None, *LETTERS, None], end_ids=[len(LETTERS) + 1], pad_id=0)
SIZE = VOCABULARY.size
KEY = jax.random.key(0)


def network(time, xt, conditioning=None):
    """Random logits that depend on the canvas."""
    weights = jax.random.normal(KEY, (SIZE, SIZE)) * 3
    return {"logits": weights[xt[..., 0]] + jnp.roll(weights[xt[..., 0]], 1, axis=1)}


def sampler(steps=STEPS):
    process = discrete.CategoricalProcess(
        schedule=schedules.LinearDiscreteSchedule(), invariant_probs=(1 / SIZE,) * SIZE, num_categories=SIZE
    )
    return sampling.DiffusionSampler(
        time_schedule=time_scheduling.UniformTimeSchedule(),
        stepper=discrete_step_sampler.DiscreteDDIMStep(corruption_process=process),
        num_steps=steps,
    )


@pytest.fixture
def engine():
    return cg.load(HostModel(VOCABULARY, LENGTH))


def written(engine, requests, *, jitted=False):
    """The completions, and the tokens that the sampler has emitted, by row."""
    rows = CanvasInference(network, engine, requests, steps=STEPS - 1)
    run = sampler()
    emitted = [[] for _ in requests]

    def block(key, noise):
        return run(inference_fn=rows, rng=key, initial_noise=noise)[0].xt

    block = jax.jit(block) if jitted else block
    for number in range(9):
        if rows.is_over:
            break
        key, noise_key = jax.random.split(jax.random.key(number))
        noise = jax.random.randint(noise_key, (len(requests), LENGTH, 1), 0, SIZE, dtype=jnp.int32)
        xt = block(key, noise)
        for row, tokens in enumerate(rows.next_block()):
            assert xt[row, : len(tokens), 0].tolist() == list(tokens)
            emitted[row] += tokens
    return rows.completions, emitted


REQUESTS = [
    cg.Request(
        "A", schema={"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, seed=1
    ),
    cg.Request("B", regex="[A-Z]{3}", seed=2),
    cg.Request("C", choice=["yes", "no"], seed=3),
    cg.Request("D", regex="[a-z ]{30,40}", seed=4),
]


@pytest.mark.parametrize("jitted", [False, True], ids=["eager", "jitted"])
def test_the_sampler_emits_valid_texts(engine, jitted):
    requests = [
        cg.Request(
            one.prompt, schema=one.schema, regex=one.regex, choice=one.choice, seed=one.seed, max_tokens=60
        )
        for one in REQUESTS
    ]
    done, emitted = written(engine, requests, jitted=jitted)
    assert isinstance(json.loads(done[0].text)["a"], int)
    assert cg.regex("[A-Z]{3}").matches(done[1].text)
    assert done[2].value in ("yes", "no")
    assert cg.regex("[a-z ]{30,40}").matches(done[3].text)
    assert [list(one.token_ids) for one in done] == emitted


def test_a_refused_text_is_an_error(engine):
    with pytest.raises(Exception) as raised:  # JAX wraps what a callback raises
        written(engine, [cg.Request("x", regex="[a-c]", validators=[lambda text: False], max_tokens=8)])
    assert ValidationFailed.__name__ in str(raised.value) or isinstance(raised.value, ValidationFailed)


def test_a_sampler_that_asks_too_seldom_is_an_error(engine):
    rows = CanvasInference(
        network, engine, [cg.Request("x", regex="[a-z ]{9}", max_tokens=16, temperature=5.0)], steps=40
    )
    noise = jnp.zeros((1, LENGTH, 1), jnp.int32)
    sampler(3)(inference_fn=rows, rng=jax.random.key(0), initial_noise=noise)
    with pytest.raises(ModelError, match="has ended before"):
        rows.next_block()
