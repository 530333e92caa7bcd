"""The lift: a byte automaton and a vocabulary become a token automaton.

    1. walk      one pass over the byte trie gives the function of every token, as a list of parts (trie_walk.py)
    2. number    tokens with one function are one class
    3. edges     the (source, target) pairs of the parts, grouped; each pair knows the parts it is in
    4. trim      states that whole tokens cannot reach or finish go, and what then acts alike is merged
    5. sets      the parts of each edge become the classes that have them; equal sets are one

Steps 3 to 5 work on parts, of which there are few, and never on (state, token) or (state, class) pairs, of
which there can be many millions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from canvasgen.errors import Unsatisfiable
from canvasgen.limits import hold, look
from canvasgen.tokens.automaton import TokenAutomaton
from canvasgen.tokens.lists import (
    breadth_first,
    expand_sets,
    group_edges,
    number_tokens,
    select,
    unique_lists,
)
from canvasgen.tokens.part_shapes import groups_of
from canvasgen.tokens.token_limits import DEFAULT_LIMITS, TokenLimits, too_many
from canvasgen.tokens.transition_monoid import FUNCTIONS_FULL, PAIRS_FULL
from canvasgen.tokens.transition_table import transition_columns
from canvasgen.tokens.trie_walk import UNFINISHED, walk
from canvasgen.tokens.workspace import give_back, take
from canvasgen.vocabulary.character_kinds import MOST_CHARACTERS

if TYPE_CHECKING:
    from canvasgen.automata import DFA
    from canvasgen.vocabulary import Trie, Vocabulary

__all__ = ["lift_frame"]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# How much more room a walk gets after one that had too little.
_GROWTH = 8
_WORK = 20_000_000
"""States that new functions look at between two looks at the clock; up to a tenth of a second."""


@dataclass(frozen=True, eq=False)
class _Lists:
    """Lists of numbers: list i is `data[offsets[i]:offsets[i + 1]]`."""

    offsets: Longs
    data: Longs

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True, eq=False)
class _Action:
    """What tokens do: class of each token, parts of each class, (source, target) pairs of each part."""

    class_of_token: Ints
    parts: _Lists
    pairs: _Lists


@dataclass(frozen=True, eq=False)
class _Edges:
    """(source, target) pairs, sorted, and the parts each is in."""

    source: Ints
    target: Ints
    parts: _Lists


def lift_frame(
    dfa: DFA, jumps: Sequence[tuple[int, int]], vocabulary: Vocabulary, limits: TokenLimits = DEFAULT_LIMITS
) -> tuple[TokenAutomaton, Ints]:
    """Return the token automaton of a frame, whose states are joined by more than tokens, and its states' numbers.

    Its states are the byte automaton's that lie at token borders, in the same order.

    Args:
        dfa: the frame; it may have states that only jumps reach, or that reach the end by jumps only.
        jumps: pairs of states that a text of another language joins. They count as a token in `distance`.
        vocabulary, limits: as for `lift`.

    Returns:
        The automaton without the jumps; int32 `[states of dfa]`, the number of each state in it, -1 for none.

    Raises:
        Unsatisfiable: no sequence of tokens spells an accepted text.
        ConstraintTooLarge: names the limit.
    """
    action = _actions(dfa, vocabulary.trie, limits)
    states = dfa.num_states
    edges = _edges(action, states, limits)
    source, target = edges.source, edges.target
    look()
    if jumps:
        more = np.array(jumps, np.int32).reshape(-1, 2)
        source, target = np.concatenate([source, more[:, 0]]), np.concatenate([target, more[:, 1]])
    start = np.zeros(states, np.bool_)
    start[0] = True
    start.setflags(write=False)  # as those of the automaton are: one compiled kernel serves both
    distance: Ints = breadth_first(target, source, dfa.accepting)
    kept: Bools = (distance >= 0) & (breadth_first(source, target, start) >= 0)
    if not kept[0]:
        raise Unsatisfiable(
            "no sequence of the vocabulary's tokens spells a text that satisfies the constraint",
            rule="vocabulary",
            remedy="use a vocabulary with a token for every byte, or another constraint",
        )
    number = np.cumsum(kept, dtype=np.int32) - 1
    if not kept.all():
        action = _trimmed(action, kept, number)
        edges = _edges(action, int(number[-1]) + 1, limits)
    look()
    edge_set, sets = _class_sets(action, edges, limits)
    automaton = TokenAutomaton(
        start=0,
        class_of_token=action.class_of_token,
        num_classes=len(action.parts),
        edge_source=edges.source,
        edge_target=edges.target,
        edge_set=edge_set,
        set_offsets=sets.offsets.astype(np.int32),
        set_classes=sets.data.astype(np.int32),
        accepting=dfa.accepting[kept],
        distance=distance[kept],
        end_ids=vocabulary.end_ids,
    )
    hold(automaton.num_bytes)
    return automaton, np.where(kept, number, -1).astype(np.int32)


def _actions(dfa: DFA, trie: Trie, limits: TokenLimits) -> _Action:
    arrays = (dfa.offsets, dfa.low, dfa.high, dfa.target)
    byte_class, columns, classes = transition_columns(*arrays)
    groups = groups_of(*arrays, columns, classes)

    functions, pairs = 1, 4 * dfa.num_states
    path = np.empty(trie.max_depth + 1, np.int64)
    powers = np.empty(MOST_CHARACTERS + 1, np.int64)
    while True:
        workspace = take(functions, classes, pairs)
        most = min(workspace.most(classes), limits.max_functions)
        most_pairs = min(workspace.pairs, limits.max_pairs)
        rank_function = workspace.rank_function(len(trie.token_order))
        at = np.zeros(5, np.int64)
        status = UNFINISHED
        while status == UNFINISHED:
            look("the walk of the vocabulary")
            status = walk(
                *(trie.packed, trie.characters, byte_class, columns, classes),
                *(groups.order, groups.offsets, groups.shapes, path, rank_function),
                *(
                    workspace.part_shape,
                    workspace.part_memo,
                    workspace.part_store,
                    workspace.memo,
                    workspace.store,
                ),
                *(workspace.advance, powers, most, most_pairs, at, _WORK),
            )
        if status == FUNCTIONS_FULL:
            _check(most >= limits.max_functions, "max_functions", limits.max_functions)
            functions = min(_GROWTH * most, limits.max_functions)
        elif status == PAIRS_FULL:
            _check(most_pairs >= limits.max_pairs, "max_pairs", limits.max_pairs)
            pairs = min(_GROWTH * most_pairs, limits.max_pairs)
        else:
            break

    class_of_token, function_of_class = number_tokens(
        rank_function, trie.token_order, int(at[1]), len(trie.node_of_token)
    )
    _, _, offsets, data = workspace.store
    parts = _Lists(*select(offsets, data, function_of_class))
    used = np.zeros(int(at[0]), np.bool_)
    used[parts.data] = True
    chosen = np.flatnonzero(used)
    number = np.cumsum(used) - 1
    _, _, offsets, data = workspace.part_store
    pairs_of_parts = _Lists(*select(offsets, data, chosen))
    give_back(workspace, int(at[0]), int(at[1]), classes)
    return _Action(class_of_token, _Lists(parts.offsets, number[parts.data]), pairs_of_parts)


def _check(exceeded: bool, rule: str, limit: int) -> None:
    if exceeded:
        raise too_many(rule, limit)


def _edges(action: _Action, states: int, limits: TokenLimits) -> _Edges:
    source, target, offsets, parts = group_edges(action.pairs.offsets, action.pairs.data, states)
    _check(len(source) > limits.max_edges, "max_edges", limits.max_edges)
    return _Edges(source, target, _Lists(offsets, parts))


def _trimmed(action: _Action, kept: Bools, number: Ints) -> _Action:
    """Return the action on the kept states, renumbered; parts and classes that no longer differ are one."""
    pairs = action.pairs
    source, target = pairs.data >> 32, pairs.data & 0xFFFFFFFF
    stays = kept[source] & kept[target]
    renumbered = (number[source].astype(np.int64) << 32) | number[target]
    part_of_part, part_offsets, part_pairs = unique_lists(
        _kept_offsets(pairs.offsets, stays), renumbered[stays]
    )

    emptied = np.diff(part_offsets) == 0
    parts = part_of_part[action.parts.data]
    stays = ~emptied[parts]
    class_of_class, class_offsets, class_parts = unique_lists(
        _kept_offsets(action.parts.offsets, stays), parts[stays].astype(np.int64)
    )
    # The empty list, if there is one, is no class; the numbers above it move down.
    sizes = np.diff(class_offsets)
    empty = np.flatnonzero(sizes == 0)
    gone = int(empty[0]) if len(empty) else len(sizes)
    moved = np.append(class_of_class - (class_of_class > gone), -1)
    moved[:-1][class_of_class == gone] = -1
    return _Action(
        moved[action.class_of_token].astype(np.int32),
        _Lists(np.delete(class_offsets, gone) if len(empty) else class_offsets, class_parts),
        _Lists(part_offsets, part_pairs),
    )


def _kept_offsets(offsets: Longs, stays: Bools) -> Longs:
    """Return offsets of the lists after only the entries that stay."""
    before = np.concatenate([[0], np.cumsum(stays)]).astype(np.int64)
    return before[offsets]


def _class_sets(action: _Action, edges: _Edges, limits: TokenLimits) -> tuple[Ints, _Lists]:
    """Return the class set of each edge, and the sets."""
    list_of_edge, offsets, parts = unique_lists(edges.parts.offsets, edges.parts.data)
    classes_of_part = np.bincount(action.parts.data, minlength=len(action.pairs))
    before = np.concatenate([[0], np.cumsum(classes_of_part[parts])]).astype(np.int64)
    sizes = np.diff(before[offsets])
    _check(int(sizes.sum()) > limits.max_set_entries, "max_set_entries", limits.max_set_entries)
    class_lists = expand_sets(
        offsets, parts, len(action.pairs), action.parts.offsets, action.parts.data, sizes
    )
    set_of_list, set_offsets, set_classes = unique_lists(*class_lists)
    return set_of_list[list_of_edge], _Lists(set_offsets, set_classes)
