from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canvasgen.errors import ModelError
from canvasgen.vocabulary import ArrayStore, Trie, Vocabulary, cache_folder

contents = st.lists(
    st.one_of(st.none(), st.binary(max_size=5), st.text(alphabet="ab", max_size=4).map(str.encode)),
    max_size=12,
)


@settings(deadline=None)
@given(contents)
def test_trie_holds_every_prefix_once(tokens: list[bytes | None]) -> None:
    trie = Trie.build(tokens)
    prefixes = [b""]
    for node in range(1, trie.num_nodes):
        assert trie.parent[node] < node
        prefixes.append(prefixes[trie.parent[node]] + bytes([trie.byte[node]]))
    assert trie.parent[0] == -1
    assert prefixes == sorted(
        {content[:n] for content in tokens if content for n in range(len(content) + 1)} | {b""}
    )
    assert trie.depth.tolist() == [len(prefix) for prefix in prefixes]
    assert trie.token_order.tolist() == sorted(
        (token for token, content in enumerate(tokens) if content), key=lambda token: (tokens[token], token)
    )
    assert trie.order_node.tolist() == [trie.node_of_token[token] for token in trie.token_order]
    for token, content in enumerate(tokens):
        node = trie.node_of_token[token]
        assert node == -1 if not content else prefixes[node] == content
    for node, prefix in enumerate(prefixes):
        below = [n for n, other in enumerate(prefixes) if other.startswith(prefix)]
        assert below == list(range(node, trie.end[node]))


def test_text_ends_at_the_first_end_token() -> None:
    vocabulary = Vocabulary([None, None, b"a", b"\xc3", b"\xa9"], end_ids=[1, 0], pad_id=0)
    assert vocabulary.end_ids == (0, 1)
    assert vocabulary.text_bytes([2, 3, 4]) == "aé".encode()
    assert vocabulary.text_bytes([2, 1, 2]) == b"a"
    assert vocabulary.text_bytes(np.array([1, 2])) == b""
    with pytest.raises(IndexError):
        vocabulary.text_bytes([5])


def test_what_is_no_text() -> None:
    vocabulary = Vocabulary([b"x", b"", b"</s>", None], end_ids=[2])
    assert vocabulary.tokens == (b"x", None, None, None)
    assert vocabulary.text_bytes([0, 3, 1, 0]) == b"xx"
    assert vocabulary.pad_id is None
    assert vocabulary.size == 4
    assert repr(vocabulary) == "Vocabulary(4 tokens, end_ids=(2,), pad_id=None)"


@pytest.mark.parametrize(
    ("tokens", "ends", "pad", "rule"),
    [
        ([b"a", None], [2], None, "end_ids"),
        ([b"a", None], [-1], None, "end_ids"),
        ([b"a", None], [], None, "end_ids"),
        ([b"a", None], [1], 2, "pad_id"),
        ([None, None], [1], None, "tokens"),
        ([b"a", None], [0], None, "tokens"),
    ],
)
def test_wrong_vocabularies(tokens: list[bytes | None], ends: list[int], pad: int | None, rule: str) -> None:
    with pytest.raises(ModelError) as caught:
        Vocabulary(tokens, ends, pad)
    assert caught.value.rule == rule


def test_fingerprint_covers_everything() -> None:
    variants = [
        Vocabulary([b"a", b"b", None], [2]),
        Vocabulary([b"ab", None, None], [2]),
        Vocabulary([b"a", b"b", None, None], [2]),
        Vocabulary([b"a", b"b", None, None], [3]),
        Vocabulary([b"a", b"b", None, None], [2, 3]),
        Vocabulary([b"a", b"b", None, None], [2], 3),
        Vocabulary([b"b", b"a", None], [2]),
    ]
    assert len({v.fingerprint for v in variants}) == len(variants)
    assert variants[0].fingerprint == Vocabulary((b"a", b"b", b"</s>"), (2,)).fingerprint


def test_large_tries_are_kept_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("canvasgen.vocabulary.vocabulary._LARGE", 3)
    tokens = [b"a", b"ab", b"b", None]
    built = Vocabulary(tokens, [3]).trie
    folder = cache_folder()
    assert folder is not None
    (file,) = folder.iterdir()

    def fail(_: object) -> Trie:
        raise AssertionError("built again")

    with monkeypatch.context() as patch:
        patch.setattr(Trie, "build", fail)
        read = Vocabulary(tokens, [3]).trie
    for name in ("parent", "byte", "depth", "end", "node_of_token", "token_order", "order_node"):
        mine, other = getattr(built, name), getattr(read, name)
        assert np.array_equal(mine, other)
        assert mine.dtype == other.dtype
        assert other.flags.aligned
        assert not mine.flags.writeable
        assert not other.flags.writeable
    file.write_bytes(file.read_bytes()[:-1])
    assert np.array_equal(Vocabulary(tokens, [3]).trie.parent, built.parent)
    assert ArrayStore(folder).load(f"trie 2 {Vocabulary(tokens, [3]).fingerprint}") is not None
