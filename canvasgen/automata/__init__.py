r"""Byte automata: regular expressions over bytes, their algebra, and what `re` and ECMA-262 patterns mean.

Everything that can be said of a text's form ends up here, as one minimal automaton over the bytes of its
UTF-8:

    text = parse_regex(r"[A-Z]\w+")                       # an Expr
    text = intersect(text, repeat(ANY_CHARACTER, 0, 40))  # at most 40 characters
    text = substitute(text, {0x22: b'\\"'})               # escaped
    dfa = to_dfa(text)                                    # a DFA: dfa.accepts("Ωmega".encode())

**Expressions** (`expr.py`) are immutable and shared: equal arguments give the same node, and a node keeps
its automaton. `literal`, `byte_set`, `code_points` are the leaves; `concat`, `union`, `repeat`, `optional`,
`separated` build; `intersect`, `difference`, `complement` (relative to `ANY_TEXT`, all well-formed UTF-8) and
`substitute` work on whole languages, so `to_dfa` compiles their parts first. `from_dfa` takes an automaton as
a leaf.

**Automata** (`dfa.py`) are trim, minimal and canonically numbered: equal languages have equal arrays and one
fingerprint.

**Compilation** (`compiler.py`): Thompson's automaton (`nfa.py`; large repeats are copies of the body's
minimal automaton, laid as arrays), subset construction (`subset_kernel.py`) and Valmari's minimisation
(`minimise_kernel.py`), or the product of two automata (`product_kernel.py`). The three kernels are numba's,
cached on disk after the first run on a machine. `Limits` bounds states and seconds; beyond them
ConstraintTooLarge names the limit.

**Too large** languages (`relaxed.py`): an automaton that leaves large counts open, and membership that keeps them, by
states that are made as a text needs them (`lazy.py`).

**Called** languages (`called_language.py`): one that stands at many places of another one, as two automata.

**Patterns** (`regex/`): `parse_regex` reads the dialect of `re` or of ECMA-262 exactly, anchors, word
boundaries and look-around anywhere included; it refuses what is not regular with its position and a remedy.
"""

from canvasgen.automata.automaton_limits import DEFAULT_LIMITS, Limits
from canvasgen.automata.called_language import CalledLanguage
from canvasgen.automata.compiler import to_dfa
from canvasgen.automata.counted.counted_dfa import CountedDFA
from canvasgen.automata.dfa import DEAD, DFA
from canvasgen.automata.expr import (
    ANY_CHARACTER,
    ANY_TEXT,
    EMPTY,
    EPSILON,
    Expr,
    byte_set,
    code_points,
    complement,
    concat,
    difference,
    from_dfa,
    intersect,
    literal,
    optional,
    repeat,
    separated,
    substitute,
    union,
)
from canvasgen.automata.products import product_automaton
from canvasgen.automata.regex import (
    largest_count,
    parse_first_match,
    parse_regex,
    parse_regex_in_context,
)
from canvasgen.automata.regex.zero_width import with_loops
from canvasgen.automata.relaxed import Relaxed, relaxed
from canvasgen.automata.shortest import least_bytes
from canvasgen.automata.string_search import avoider, searcher

__all__ = [
    "ANY_CHARACTER",
    "ANY_TEXT",
    "DEAD",
    "DEFAULT_LIMITS",
    "DFA",
    "EMPTY",
    "EPSILON",
    "CalledLanguage",
    "CountedDFA",
    "Expr",
    "Limits",
    "Relaxed",
    "avoider",
    "byte_set",
    "code_points",
    "complement",
    "concat",
    "difference",
    "from_dfa",
    "intersect",
    "largest_count",
    "least_bytes",
    "literal",
    "optional",
    "parse_first_match",
    "parse_regex",
    "parse_regex_in_context",
    "product_automaton",
    "relaxed",
    "repeat",
    "searcher",
    "separated",
    "substitute",
    "to_dfa",
    "union",
    "with_loops",
]
