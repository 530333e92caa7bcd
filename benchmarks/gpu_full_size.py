"""What does conditioning add to DiffusionGemma's forward pass at its real size, with random weights?

    python benchmarks/gpu_full_size.py [--tiny] [--parameters] [--states N ...] [--rows N ...]

In bfloat16, a prompt of 512 tokens, on a GPU of 80 GB or more, under eight minutes; nothing is downloaded. Before
anything is timed, the model's logits are looked at, and the posterior of the first row is compared with the plain torch
backend. Then: the prompt's pass, one denoising pass, one conditioning step on its logits, and the share of the second
in the first. At last the loop itself writes one canvas, with everything that it does beside. `--tiny` runs the same code
with a model of some ten thousand parameters on the CPU; its times mean nothing. `--parameters` counts the parameters
and stops.

The configuration is that of Gemma 4 26B A4B, which DiffusionGemma is built on.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from gpu_step import answers, automaton_of, check, timed
from transformers import DiffusionGemmaConfig, DiffusionGemmaForBlockDiffusion, DiffusionGemmaTextConfig

import canvasgen as cg
from canvasgen.denoise import Job, run
from canvasgen.inference import Request
from canvasgen.models.diffusion_gemma import DiffusionGemma
from canvasgen.vocabulary import Vocabulary

PROMPT = 512


def real_config() -> DiffusionGemmaConfig:
    """Of 25.4 thousand million parameters."""
    text = DiffusionGemmaTextConfig(
        vocab_size=262_144,
        hidden_size=2816,
        intermediate_size=2112,
        num_hidden_layers=30,
        num_attention_heads=16,
        num_key_value_heads=8,
        num_global_key_value_heads=2,
        head_dim=256,
        global_head_dim=512,
        sliding_window=1024,
        max_position_embeddings=262_144,
        num_experts=128,
        top_k_experts=8,
        moe_intermediate_size=704,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
    )
    return DiffusionGemmaConfig(text_config=text)


def parameters(model: torch.nn.Module) -> dict[str, float]:
    """Thousand millions of them, by where they are."""
    found = dict.fromkeys(("experts", "other layers", "embedding", "images"), 0.0)
    for name, weight in model.named_parameters():
        part = "images" if "vision" in name else "embedding" if "embed_tokens" in name else "other layers"
        found["experts" if ".experts." in name else part] += weight.numel() / 1e9
    return found


def empty_model(config: DiffusionGemmaConfig) -> Any:
    with torch.device("meta"):
        model = DiffusionGemmaForBlockDiffusion(config)
    model.tie_weights()
    return model


def random_model(tiny: bool, device: torch.device) -> Any:
    """Its weights are made on the device."""
    if tiny:
        import gemma_toys

        return gemma_toys.model(vocab_size=256)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        from transformers.initialization import no_init_weights

        with torch.device(device), no_init_weights():
            model = DiffusionGemmaForBlockDiffusion(real_config())
    finally:
        torch.set_default_dtype(before)
    model.tie_weights()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.fill_(1.0) if weight.ndim < 2 else weight.normal_(0, 0.02)
            if "embed_tokens" in name:
                weight.normal_(0, 1.0)
    return model.eval()


def vocabulary_of(size: int) -> Vocabulary:
    """All bytes, and short words of letters."""
    rng = np.random.default_rng(0)
    tokens: list[bytes | None] = [None, None, None, *(bytes([byte]) for byte in range(32, 127))]
    seen = set(tokens)
    while len(tokens) < size:
        word = bytes(rng.integers(97, 123, int(rng.integers(2, 9))).tolist())
        if word not in seen:
            seen.add(word)
            tokens.append(word)
    return Vocabulary(tokens, end_ids=[1], pad_id=0)


def share(denoiser: DiffusionGemma, states: int, rows: int, repeats: int) -> None:
    """A forward pass, a conditioning step on its logits, and their ratio."""
    device, size = denoiser.device, denoiser.vocab_size
    prompts = [torch.randint(3, size, (PROMPT if size > 1000 else 8,)).tolist() for _ in range(rows)]
    context = denoiser.prefill(prompts)
    canvas = torch.randint(3, size, (rows, denoiser.canvas_length), device=device)
    logits = denoiser.denoise(context, canvas, None)
    if logits.shape != (rows, denoiser.canvas_length, size) or not bool(logits.isfinite().all()):
        raise SystemExit("the model's logits are no numbers")
    requests = [Request(automaton_of(states, size, seed=b), remaining=states, pad_id=0) for b in range(rows)]
    backend = "auto"
    check(
        answers(requests[:1], logits[:1], backend),
        answers(requests[:1], logits[:1], "torch"),
        f"{states} states",
    )
    for _ in range(2):
        answers(requests, logits, backend)
    prefill = timed(lambda: denoiser.prefill(prompts), repeats, device)
    forward = timed(lambda: denoiser.denoise(context, canvas, logits), repeats, device)
    step = timed(lambda: answers(requests, logits, backend), repeats, device)
    print(
        f"{states:7,d} {rows:5d} {prefill:9.2f} ms {forward:9.2f} ms {step:9.3f} ms {100 * step / forward:8.1f}%",
        flush=True,
    )


def loop(denoiser: DiffusionGemma, steps: int) -> None:
    """One canvas, written by the loop."""
    begun = time.perf_counter()
    compiled = cg.regex("[a-z]{20,60}( [a-z]{20,60}){0,3}").compile(denoiser.vocabulary)
    compiling = time.perf_counter() - begun
    size = denoiser.vocab_size
    prompt = torch.randint(3, size, (PROMPT if size > 1000 else 8,)).tolist()
    budget = denoiser.canvas_length if size > 1000 else 64
    jobs = [
        Job(prompt, compiled, max_tokens=budget, max_denoising_steps=steps, seed=seed) for seed in range(2)
    ]
    run(denoiser, jobs[:1])
    done = run(denoiser, jobs[1:])[0]
    parts = ", ".join(f"{name} {1e3 * seconds:.1f} ms" for name, seconds in done.timings.items())
    print(f"loop, {compiled.num_states} states ({compiling:.1f} s to compile), {done.steps} steps: {parts}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--parameters", action="store_true")
    parser.add_argument("--states", type=int, nargs="*")
    parser.add_argument("--rows", type=int, nargs="*")
    arguments = parser.parse_args()
    tiny: bool = arguments.tiny
    if arguments.parameters:
        found = parameters(empty_model(real_config()))
        print(f"{sum(found.values()):.2f} thousand million parameters: "
              + ", ".join(f"{part} {n:.2f}" for part, n in found.items()))  # fmt: skip
        return
    if not tiny and not torch.cuda.is_available():
        raise SystemExit("there is no CUDA device here; --tiny shows that the script works")
    device = torch.device("cpu" if tiny else "cuda")
    torch.manual_seed(0)
    model = random_model(tiny, device)
    denoiser = DiffusionGemma(model, vocabulary_of(model.config.get_text_config().vocab_size))
    if not tiny:
        print(f"{torch.cuda.get_device_name()}; {torch.cuda.max_memory_allocated() / 1e9:.1f} GB of weights")
    print(" states  rows     prompt       forward          step   of the forward")
    repeats = 1 if tiny else 20
    for rows in arguments.rows or ([2] if tiny else [1, 8]):
        for states in arguments.states or ([8] if tiny else [868, 5_000, 20_000]):
            share(denoiser, states, rows, repeats)
    loop(denoiser, 2 if tiny else 12)


if __name__ == "__main__":
    main()
