"""Expressions as non-deterministic automata in arrays (Thompson 1968).

inlining    which parts of an expression are compiled on their own, and which are laid as they are written
fragments   a deterministic automaton as one that can be laid into another
nfa         the automaton of an expression
"""
