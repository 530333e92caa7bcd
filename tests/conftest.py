"""Helpers for the tests of several parts stand beside this file, whose folder pytest puts on the path."""
