"""What a constraint costs in mlx-vlm: CPU time of its own loop, for the same prompts with and without `CanvasModel`.

    python tests/hosts/mlx_overhead.py --count 12

The embedded model; prompts contain the schema, as in `benchmarks/hosts.py`. Passes are those of the decoder.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import mlx.core as mx
import mlx_vlm
from mlx_folder import make_folder
from mlx_vlm.generate.diffusion import stream_diffusion_generate
from vllm_overhead import CITIES, NAMES, PERSON

import canvasgen as cg
from canvasgen.integrations.hosted_folder import engine_of_folder
from canvasgen.integrations.mlx_vlm import CanvasModel


class Counting:
    """A model whose decoder's passes are counted."""

    def __init__(self, model):
        self._model, self.passes = model, 0

    def __getattr__(self, name):
        return getattr(self._model, name)

    def diffusion_decoder_logits(self, *arguments, **options):
        self.passes += 1
        return self._model.diffusion_decoder_logits(*arguments, **options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=12)
    count = parser.parse_args().count
    shown = cg.json_schema(PERSON)
    texts = [f"{NAMES[at % 6]}, {20 + 3 * at}, {CITIES[(at * 5 + 1) % 6]}" for at in range(count)]
    with tempfile.TemporaryDirectory() as place:
        folder = make_folder(Path(place) / "tiny")
        model, processor = mlx_vlm.load(str(folder))
        engine = engine_of_folder(folder)
        tokenizer = getattr(processor, "tokenizer", processor)

        def free(text: str, counting: Counting) -> str:
            ids = mx.array([list(engine.encode(text, shown))])
            skipped = set(tokenizer.all_special_ids)
            options = {"max_tokens": 128, "skip_special_token_ids": skipped, "temperature": 0.0}
            made = stream_diffusion_generate(counting, processor, tokenizer, ids, None, None, **options)
            return "".join(result.text for result in made)

        def bound(text: str, counting: Counting) -> str:
            request = cg.Request(text, constraint=shown, seed=1)
            row = CanvasModel(counting, engine, request, max_tokens=128)
            return "".join(result.text for result in row.stream(processor))

        for name, answer in (("mlx-vlm, free", free), ("with CanvasModel", bound)):
            answer(texts[0], Counting(model))  # warm
            counting = Counting(model)
            begun = time.process_time()
            answers = [answer(text, counting) for text in texts]
            seconds = time.process_time() - begun
            valid = sum(shown.matches(one.strip()) for one in answers)
            print(
                f"{name:18} {seconds / count:6.3f} s an answer  {counting.passes / count:5.1f} passes  "
                f"{1000 * seconds / counting.passes:6.1f} ms a pass  {100 * valid / count:4.0f}% valid"
            )


if __name__ == "__main__":
    main()
