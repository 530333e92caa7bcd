"""Token automata remembered: in memory by recency, on disk by fingerprint."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from canvasgen.forks import Guard
from canvasgen.tokens.automaton import TokenAutomaton
from canvasgen.tokens.counted_lifting import lift
from canvasgen.tokens.narrowing import narrowed, widened
from canvasgen.tokens.token_limits import DEFAULT_LIMITS, TokenLimits
from canvasgen.vocabulary import ArrayStore, cache_folder

if TYPE_CHECKING:
    from canvasgen.automata import DFA
    from canvasgen.vocabulary import Vocabulary

__all__ = ["cached_lift", "clear_memory", "fingerprint"]

_log = logging.getLogger(__name__)

# Part of every fingerprint: to be raised when the meaning of a token automaton's arrays changes.
_VERSION = "canvasgen token automaton 2"

# How many automata and how many of their bytes stay in memory.
_REMEMBERED = 64
_REMEMBERED_BYTES = 256_000_000
_memory: OrderedDict[str, TokenAutomaton] = OrderedDict()
_stores: dict[Path | None, ArrayStore] = {}
_lock = Guard()


def fingerprint(dfa: DFA, vocabulary: Vocabulary) -> str:
    """sha256 over the format's version, the automaton and the vocabulary, in hexadecimal."""
    return hashlib.sha256(f"{_VERSION} {dfa.key()} {vocabulary.fingerprint}".encode()).hexdigest()


def clear_memory() -> None:
    """Forget the automata in memory (not those on disk)."""
    with _lock:
        _memory.clear()


def cached_lift(
    dfa: DFA,
    vocabulary: Vocabulary,
    cache_dir: Path | None = None,
    limits: TokenLimits = DEFAULT_LIMITS,
) -> TokenAutomaton:
    """`lift`, or what an earlier one gave: the last ones are in memory (64, 256 MB), all on disk until the folder is full.

    Args:
        dfa: the byte automaton.
        vocabulary: the vocabulary.
        cache_dir: where files are kept; None: `canvasgen.vocabulary.cache_folder()`. A folder that cannot be
            written, and a file that is damaged or somebody else's, do no harm: the automaton is built.
        limits: budget of a lift; what is cached has been within the limits of its own lift.

    Raises:
        Unsatisfiable, ConstraintTooLarge: as `lift`.
    """
    key = fingerprint(dfa, vocabulary)
    with _lock:
        known = _memory.get(key)
        if known is not None:
            _memory.move_to_end(key)
            return known
        folder = cache_folder() if cache_dir is None else cache_dir
        store = _stores.setdefault(folder, ArrayStore(folder))
    automaton = _loaded(store, key, vocabulary)
    if automaton is None:
        automaton = lift(dfa, vocabulary, limits)
        store.save(key, narrowed(automaton.to_arrays()))
    with _lock:
        _memory[key] = automaton
        _memory.move_to_end(key)
        size = sum(known.num_bytes for known in _memory.values())
        while len(_memory) > _REMEMBERED or (size > _REMEMBERED_BYTES and len(_memory) > 1):
            size -= _memory.popitem(last=False)[1].num_bytes
    return automaton


def _loaded(store: ArrayStore, key: str, vocabulary: Vocabulary) -> TokenAutomaton | None:
    """The automaton of a file; None where there is none, or none of this vocabulary."""
    arrays = store.load(key)
    if arrays is None:
        return None
    try:
        automaton = TokenAutomaton.from_arrays(widened(arrays))
    except ValueError as fault:
        _log.warning("the cache file %s holds no automaton (%s); it is built again", store.path(key), fault)
        return None
    fits = len(automaton.class_of_token) == vocabulary.size and automaton.end_ids == vocabulary.end_ids
    return automaton if fits else None
