"""Tiny random masked language models of transformers' own classes, and their tokenizers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import AutoConfig, AutoModelForMaskedLM, PreTrainedTokenizerFast

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
PIECES = ("[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]")
WORDS = ["the", "sea", "is", "blue", "old", "man", "and", "a", "dear", "ann", "bob", ",", ".", "(", ")", "!"]
OWN = {
    "albert": {"embedding_size": 16},
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48},
    "electra": {"embedding_size": 16},
    "modernbert": {"global_attn_every_n_layers": 1, "cls_token_id": 0, "sep_token_id": 2, "eos_token_id": 2},
}
"""What the configuration of a kind has names of its own for."""


def byte_level() -> PreTrainedTokenizerFast:
    """RoBERTa's and ModernBERT's kind: bytes."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    ids = {name: at for at, name in enumerate((*SPECIAL, *alphabet))}
    words = Tokenizer(models.BPE(vocab=ids, merges=[]))
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    words.decoder = decoders.ByteLevel()
    words.add_special_tokens([AddedToken(name) for name in SPECIAL])
    return _named(words, SPECIAL)


def word_pieces() -> PreTrainedTokenizerFast:
    """BERT's kind: words and their continuations, lower-case."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    content = [*PIECES, *dict.fromkeys([*WORDS, *letters]), *(f"##{letter}" for letter in letters)]
    words = Tokenizer(models.WordPiece({name: at for at, name in enumerate(content)}, unk_token="[UNK]"))
    words.normalizer = normalizers.BertNormalizer(lowercase=True)
    words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    words.decoder = decoders.WordPiece(prefix="##")
    words.add_special_tokens([AddedToken(name) for name in PIECES])
    return _named(words, PIECES)


def _named(words: Tokenizer, names: tuple[str, ...]) -> PreTrainedTokenizerFast:
    first, pad, last, unknown, mask = names
    return PreTrainedTokenizerFast(
        tokenizer_object=words,
        cls_token=first,
        pad_token=pad,
        sep_token=last,
        unk_token=unknown,
        mask_token=mask,
    )


def model_of(kind: str, tokenizer: PreTrainedTokenizerFast, seed: int = 0) -> Any:
    """A random model of one of transformers' classes."""
    sizes = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 48,
        "max_position_embeddings": 96,
        "vocab_size": len(tokenizer),
        "pad_token_id": 1,
    }
    torch.manual_seed(seed)
    model = AutoModelForMaskedLM.from_config(AutoConfig.for_model(kind, **{**sizes, **OWN.get(kind, {})}))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, 0.3)
    return model.eval()


def build(kind: str, tokenizer: PreTrainedTokenizerFast, folder: Path) -> Path:
    """A folder with its weights and tokenizer."""
    model_of(kind, tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def trained_on(
    tokenizer: PreTrainedTokenizerFast,
    texts: list[str],
    kind: str = "bert",
    steps: int = 120,
    rate: float = 0.012,
) -> Any:
    """A tiny model that has learnt some texts by filling masks in them."""
    model = model_of(kind, tokenizer)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, 0.1)
    rows = tokenizer(texts, padding=True, return_tensors="pt")["input_ids"]
    first = torch.full((len(rows), 1), tokenizer.cls_token_id)
    ends = torch.full((len(rows), 1), tokenizer.sep_token_id)
    rows = torch.cat([first, rows, ends], 1).repeat(16, 1)
    generator = torch.Generator().manual_seed(0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    for _ in range(steps):
        hidden = torch.rand(rows.shape, generator=generator) < torch.rand(len(rows), 1, generator=generator)
        hidden[:, 0] = False
        logits = model(torch.where(hidden, tokenizer.mask_token_id, rows)).logits
        torch.nn.functional.cross_entropy(logits[hidden], rows[hidden]).backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()
