"""Constraints are compiled in processes of their own, with limits of CPU seconds and memory."""
