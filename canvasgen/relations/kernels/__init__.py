"""Compiled propagation of the primitives to a fixpoint, and backtracking search on top of it."""
