"""What does a constraint cost inside of transformers' `generate` and diffusers' pipeline, beside the same model without one?

The embedded model, on prompts of people, for each row alone: CPU seconds of an answer, denoising steps, valid answers. The
steps of the free run are those of `generate`'s own stop rule; those of the constrained run are canvasgen's. One thread.

    python benchmarks/hosts.py
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import mean
from typing import Any

import torch
from diffusers import DiffusionGemmaPipeline, EntropyBoundScheduler
from transformers import DiffusionGemmaForBlockDiffusion, LogitsProcessorList

import canvasgen as cg
from canvasgen.integrations.diffusers import CanvasScheduler
from canvasgen.integrations.transformers import CanvasLogitsProcessor
from canvasgen.models.embedded import tiny
from canvasgen.models.loading import load_tokenizer

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}, "city": {"type": "string"}},
    "required": ["name", "age", "city"],
    "additionalProperties": False,
}
NAMES = ["Alice Smith", "Bob Miller", "Carla Jones", "Dan Brown", "Eve Adams", "Frank Moore"]
CITIES = ["Paris", "Rome", "Oslo", "Bern", "Madrid", "Vienna"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=12)
    count = parser.parse_args().count
    torch.set_num_threads(1)
    model = DiffusionGemmaForBlockDiffusion.from_pretrained(tiny.WEIGHTS, dtype=torch.float32).eval()
    engine = cg.load((model, load_tokenizer(tiny.WEIGHTS)))
    shown = cg.json_schema(PERSON)
    texts = [f"{NAMES[at % 6]}, {20 + 3 * at}, {CITIES[(at * 5 + 1) % 6]}" for at in range(count)]
    steps: list[int] = []

    def free(text: str) -> str:
        ids = torch.tensor([engine.encode(text, shown)])
        before = len(steps)
        hook = model.model.decoder.register_forward_hook(lambda *_: steps.append(before))
        out = model.generate(ids, max_new_tokens=128)
        hook.remove()
        return engine.vocabulary.text_bytes(out.sequences[0, ids.shape[1] :].numpy()).decode(errors="replace")

    def bound(text: str) -> str:
        request = cg.Request(text, constraint=shown, seed=1, max_tokens=128)
        with CanvasLogitsProcessor(engine, [request], max_new_tokens=128) as processor:
            before = len(steps)
            hook = model.model.decoder.register_forward_hook(lambda *_: steps.append(before))
            listed = LogitsProcessorList([processor])
            model.generate(**processor.inputs(), logits_processor=listed, max_new_tokens=128)
            hook.remove()
        done = processor.completions[0]
        assert done is not None
        return done.text

    def measure(name: str, answer: Callable[[str], str]) -> None:
        answer(texts[0])  # warm
        steps.clear()
        begun = time.process_time()
        answers: list[Any] = [answer(text) for text in texts]
        seconds = time.process_time() - begun
        valid = mean(shown.matches(one) for one in answers)
        per_step = 1000 * seconds / len(steps)
        print(
            f"{name:28} {seconds / count:6.3f} s an answer  {len(steps) / count:5.1f} passes  "
            f"{per_step:6.1f} ms a pass  {100 * valid:4.0f}% valid"
        )

    def piped(text: str, scheduler: Any, processor: Any) -> str:
        pipe = DiffusionGemmaPipeline(model=model, scheduler=scheduler, processor=processor)
        pipe.set_progress_bar_config(disable=True)
        before = len(steps)
        hook = model.model.decoder.register_forward_hook(lambda *_: steps.append(before))
        out = pipe(prompt=[text], gen_length=128, num_inference_steps=48)
        hook.remove()
        return out.texts[0]

    def scheduler_of(text: str) -> CanvasScheduler:
        request = cg.Request(text, constraint=shown, seed=1)
        return CanvasScheduler.of(engine, [request], gen_length=128, steps=48)

    def free_piped(text: str) -> str:
        return piped(text, EntropyBoundScheduler(), scheduler_of(text).processor)

    def bound_piped(text: str) -> str:
        with scheduler_of(text) as scheduler:
            return piped(text, scheduler, scheduler.processor)

    measure("generate, free", free)
    measure("generate with the processor", bound)
    measure("diffusers' pipeline, free", free_piped)
    measure("pipeline with the scheduler", bound_piped)


if __name__ == "__main__":
    main()
