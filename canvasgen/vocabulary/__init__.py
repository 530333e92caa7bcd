"""Token ids and the bytes they stand for: the true byte map of a tokenizer, end tokens, the byte trie."""

from canvasgen.vocabulary.store import ArrayStore, cache_folder
from canvasgen.vocabulary.trie import Trie
from canvasgen.vocabulary.vocabulary import Vocabulary

__all__ = ["ArrayStore", "Trie", "Vocabulary", "cache_folder"]
