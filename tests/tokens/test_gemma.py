"""At real size: lifts on Gemma's vocabulary, held to the byte automaton on texts and on random tokens."""

from __future__ import annotations

import functools
import lzma
import os
import random
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from canvasgen.automata import (
    ANY_CHARACTER,
    DFA,
    byte_set,
    code_points,
    concat,
    literal,
    repeat,
    to_dfa,
    union,
)
from canvasgen.tokens import TokenAutomaton, lift
from canvasgen.vocabulary import Vocabulary

GEMMA = Path(
    os.environ.get(
        "CANVASGEN_GEMMA_TOKENIZER",
        Path(__file__).parents[3] / "shared" / "tokenizers" / "gemma3" / "tokenizer.json.xz",
    )
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not GEMMA.exists(), reason="Gemma's tokenizer is not there (CANVASGEN_GEMMA_TOKENIZER)"
    ),
]


@functools.cache
def gemma() -> tuple[Tokenizer, Vocabulary]:
    tokenizer = Tokenizer.from_buffer(lzma.decompress(GEMMA.read_bytes()))
    return tokenizer, Vocabulary.from_tokenizer(tokenizer)


def quoted(high: int | None) -> DFA:
    plain = code_points([(0x20, 0x21), (0x23, 0x5B), (0x5D, 0x10FFFF)])
    character = union(plain, concat(literal("\\"), byte_set([(0x22, 0x22), (0x5C, 0x5C), (0x6E, 0x6E)])))
    text = concat(literal('"'), repeat(character, 0, high), literal('"'))
    return to_dfa(concat(literal('{"name": '), text, literal(', "name2": '), text, literal("}")))


AUTOMATA = {
    "bounded strings": (quoted(30), ['{"name": "Zoë", "name2": "日本 \\" 🎉"}', '{"name": "", "name2": ""}']),
    "free strings": (quoted(None), ['{"name": "' + "long " * 50 + '", "name2": "x"}']),
    "free text": (to_dfa(repeat(ANY_CHARACTER, 0, 40)), ["Hello, world!\n\n  ok <table>", "", "🎉é日"]),
}


def byte_states(automaton: TokenAutomaton, dfa: DFA, vocabulary: Vocabulary) -> list[int]:
    """The byte automaton's state for each of the token automaton's, by one way from the start to each."""
    classes, firsts = np.unique(automaton.class_of_token, return_index=True)
    token_of = dict(zip(classes.tolist(), firsts.tolist(), strict=True))
    image = [-1] * automaton.num_states
    image[automaton.start] = 0
    queue = [automaton.start]
    for state in queue:
        for edge in np.flatnonzero(automaton.edge_source == state).tolist():
            target = int(automaton.edge_target[edge])
            if image[target] < 0:
                first = automaton.set_offsets[automaton.edge_set[edge]]
                token = token_of[int(automaton.set_classes[first])]
                image[target] = dfa.run(vocabulary.tokens[token] or b"", image[state])
                queue.append(target)
    return image


@pytest.mark.parametrize("name", AUTOMATA)
def test_is_the_byte_automaton(name: str) -> None:
    dfa, texts = AUTOMATA[name]
    tokenizer, vocabulary = gemma()
    automaton = lift(dfa, vocabulary)
    end = vocabulary.end_ids[0]
    for text in texts:
        assert dfa.accepts(text.encode())
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        assert automaton.accepts(ids)
        assert automaton.accepts([*ids, end, *ids])
        assert automaton.accepts([*ids[:-1], end]) == dfa.accepts(vocabulary.text_bytes(ids[:-1]))

    assert (
        automaton.num_states == dfa.num_states
    )  # every byte is a token, so every state is at a token border
    image = byte_states(automaton, dfa, vocabulary)
    assert sorted(image) == list(range(dfa.num_states))
    image.append(-1)
    generator = random.Random(0)
    by_class = np.argsort(automaton.class_of_token, kind="stable")
    for _ in range(3000):
        state = generator.randrange(dfa.num_states)
        # Half of the tokens are drawn by rank in class order, so that small classes are seen too.
        token = generator.randrange(vocabulary.size)
        if generator.random() < 0.5:
            wanted = generator.randrange(-1, automaton.num_classes)
            token = int(by_class[np.searchsorted(automaton.class_of_token[by_class], wanted)])
        after = dfa.run(vocabulary.tokens[token] or b"", image[state])
        assert image[automaton.step(state, token)] == (after if vocabulary.tokens[token] else -1)
