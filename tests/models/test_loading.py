from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace

import gemma_toys
import pytest
import torch
from safetensors.torch import load_file, save_file
from test_prompts import TEMPLATE, byte_tokenizer
from transformers import PreTrainedTokenizerFast
from transformers.utils import logging

from canvasgen.denoise import Job, run
from canvasgen.errors import ModelError
from canvasgen.models.architecture import ARCHITECTURES, Architecture
from canvasgen.models.diffusion_gemma import DiffusionGemma
from canvasgen.models.embedded import tiny
from canvasgen.models.loading import load
from canvasgen.models.wording import shown_as


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    model = gemma_toys.model(vocab_size=256)
    model.save_pretrained(folder)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=byte_tokenizer(), chat_template=TEMPLATE)
    wrapped.save_pretrained(folder)
    return folder


@pytest.fixture
def copy(checkpoint, tmp_path):
    for file in checkpoint.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def test_folder(checkpoint):
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    loaded = load(str(checkpoint), device="cpu")
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == (level, bars)
    assert isinstance(loaded.denoiser, DiffusionGemma)
    assert loaded.denoiser.vocabulary.end_ids == (gemma_toys.END,)
    assert loaded.denoiser.model.dtype == torch.float32
    done = run(loaded.denoiser, [Job(loaded.encode("Hi"), max_tokens=16, max_denoising_steps=2)])
    assert done[0].steps == (2,)
    assert load(checkpoint, device="cpu", dtype="bfloat16").denoiser.model.dtype == torch.bfloat16
    assert load(checkpoint, device="cpu", dtype=torch.bfloat16).denoiser.model.dtype == torch.bfloat16


def test_loading_says_nothing(checkpoint, capfd):
    load(checkpoint, device="cpu")
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


def test_pair_and_denoiser(checkpoint):
    loaded = load(checkpoint, device="cpu")
    tokenizer = PreTrainedTokenizerFast.from_pretrained(checkpoint)
    again = load((loaded.denoiser.model, tokenizer))
    assert again.encode("Hi") == loaded.encode("Hi")
    assert again.denoiser.vocabulary.fingerprint == loaded.denoiser.vocabulary.fingerprint
    assert load((loaded.denoiser, tokenizer)).denoiser is loaded.denoiser
    assert load(loaded.denoiser).denoiser is loaded.denoiser
    with pytest.raises(ModelError, match=r"a Linear .*known are: 'diffusion_gemma'"):
        load((torch.nn.Linear(1, 1), tokenizer))
    with pytest.raises(ModelError, match="is no model"):
        load(3)


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "tokenizer.json"])
def test_missing_file(copy, missing):
    (copy / missing).unlink()
    with pytest.raises(ModelError, match=f"has no {missing}"):
        load(copy)


def test_other_architecture(copy):
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "model_type": "llama"}))
    with pytest.raises(ModelError, match="type 'llama'; known are: 'diffusion_gemma'"):
        load(copy)


def test_a_new_architecture_is_one_entry(copy, monkeypatch):
    """Its file says how it is read and how the loop sees it; loading knows nothing else of it."""
    read = []

    @dataclass
    class Toy:
        tokenizer: object

        def __getattr__(self, name):
            raise AssertionError(name)

    def read_weights(name, options):
        read.append((name, options.weights_type, options.place))
        return SimpleNamespace(config=SimpleNamespace(model_type="toy"))

    module = ModuleType("toy_architecture")
    module.ARCHITECTURE = Architecture(
        "Toy", read_weights, lambda model: True, lambda model, words: Toy(words)
    )
    monkeypatch.setitem(sys.modules, "toy_architecture", module)
    monkeypatch.setitem(ARCHITECTURES, "toy", "toy_architecture")
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "model_type": "toy"}))
    loaded = load(copy, device="cpu")
    assert isinstance(loaded.denoiser, Toy)
    assert read == [(copy, torch.float32, torch.device("cpu"))]
    assert load((SimpleNamespace(config=SimpleNamespace(model_type="toy")), loaded.denoiser.tokenizer))


@pytest.mark.parametrize("content", ["{", "[]", ""])
def test_broken_config(copy, content):
    (copy / "config.json").write_text(content)
    with pytest.raises(ModelError):
        load(copy)


def test_broken_weights(copy):
    whole = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(copy, device="cpu")


def test_missing_weight(copy):
    weights = load_file(copy / "model.safetensors")
    del weights[next(name for name in weights if "layers.1" in name and "q_proj" in name)]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks . weights.*q_proj"):
        load(copy, device="cpu")


def test_no_such_place():
    for name in ("/no/such/folder", "./nothing", "word", "a/b/c"):
        with pytest.raises(ModelError, match="no model folder"):
            load(name)


def test_bad_device_and_dtype(checkpoint):
    with pytest.raises(ModelError, match="no dtype"):
        load(checkpoint, device="cpu", dtype="float31")
    with pytest.raises(ModelError):
        load(checkpoint, device="quantum")
    if not torch.cuda.is_available():
        with pytest.raises(ModelError, match="CUDA"):
            load(checkpoint, device="cuda")


@pytest.mark.slow
def test_hub_without_network():
    code = (
        "from canvasgen.models.loading import load\nfrom canvasgen.errors import ModelError\n"
        "try:\n    load('canvasgen-tests/no-such-model')\nexcept ModelError as error:\n    print(error)\n"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert "cannot be loaded" in done.stdout
    assert "network" in done.stdout
    assert done.stderr == ""


@pytest.mark.skipif(
    not (tiny.WEIGHTS / "model.safetensors").is_file(), reason="the embedded model is not trained yet"
)
def test_embedded_model():
    loaded = load(device="cpu")
    ids = loaded.encode("Alice Smith, 34 years old.", shown_as({"properties": {"name": {"type": "string"}}}))
    done = run(loaded.denoiser, [Job(ids, max_denoising_steps=4)])[0]
    assert done.text.startswith("{")


def test_embedded_model_without_weights(monkeypatch, tmp_path):
    monkeypatch.setattr(tiny, "WEIGHTS", tmp_path)
    with pytest.raises(ModelError, match="no weights"):
        load()
