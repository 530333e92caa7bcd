"""Helpers for the tests of several folders stand beside this file, whose folder pytest puts on the path."""
