"""What a kernel has to know about a row: one line of numbers and addresses in a table `[B, FIELDS]` on the device.

Rows of a batch have different automata, lengths and logits. They are not padded to one size, nor copied into one array:
a kernel reads the addresses of its row's arrays. When a row joins or leaves, nothing but this table changes.
"""

from __future__ import annotations

from enum import IntEnum, auto

__all__ = ["FIELDS", "FIRST_OF_LAYOUT", "Field"]


class Field(IntEnum):
    """Columns of the table, int64; those from `HEADS_BY_TARGET` on are addresses of a `DeviceLayout`'s int32 arrays."""

    LOGITS = 0  # address of the row's logits, and how many elements on the next position and token are
    POSITION_STRIDE = auto()
    TOKEN_STRIDE = auto()
    GIVEN = auto()  # positions that have logits
    LENGTH = auto()  # n, positions within the budget
    STATE = auto()  # before the canvas
    REMAINING = auto()  # tokens of budget after it
    FILLER = auto()  # token of the tail
    FAILED = auto()  # 1: the row is impossible, whatever the logits are
    DISTANCE = auto()  # address of int32 [S + 1]: fewest tokens from each state to an end behind the canvas
    FIRST_STATE = auto()  # places of the row in arrays over all rows' states, sets, classes and pieces
    FIRST_SET = auto()
    FIRST_CLASS = auto()
    FIRST_PIECE = auto()
    STATES = auto()  # S + 1, Z + 2 and C + 2
    SETS = auto()
    CLASSES = auto()
    HEADS_BY_TARGET = auto()  # `Slots` of the edges: first and second end
    LANES_BY_TARGET = auto()
    FIRST_BY_TARGET = auto()
    SECOND_BY_TARGET = auto()
    HEADS_BY_SOURCE = auto()
    LANES_BY_SOURCE = auto()
    FIRST_BY_SOURCE = auto()
    SECOND_BY_SOURCE = auto()
    HEADS_BY_SET = auto()
    LANES_BY_SET = auto()
    FIRST_BY_SET = auto()
    SECOND_BY_SET = auto()
    HEADS_OF_CLASSES = auto()  # `Slots` of the classes of each set
    LANES_OF_CLASSES = auto()
    CLASSES_OF_SET = auto()
    HEADS_OF_SETS = auto()  # `Slots` of the sets of each class
    LANES_OF_SETS = auto()
    SETS_OF_CLASS = auto()
    HEADS_OF_TOKENS = auto()  # `Slots` of the tokens of each piece, a part for each chunk of the vocabulary
    LANES_OF_TOKENS = auto()
    TOKENS_OF_PIECE = auto()
    HEADS_OF_PIECES = auto()  # `Slots` of the pieces of each class
    LANES_OF_PIECES = auto()
    PIECES_OF_CLASS = auto()
    TARGET_OFFSETS = auto()  # `Groups` as they are
    TARGET_FIRST = auto()
    TARGET_SECOND = auto()
    SOURCE_OFFSETS = auto()
    SOURCE_FIRST = auto()
    SOURCE_SECOND = auto()
    SET_OFFSETS = auto()  # the classes of each set
    SET_CLASSES = auto()
    PIECE_OFFSETS = auto()  # the pieces of each class, and the tokens of each piece
    TOKEN_OFFSETS = auto()
    TOKENS = auto()
    CLASS_OF_TOKEN = auto()


FIELDS = 64
FIRST_OF_LAYOUT = Field.HEADS_BY_TARGET
