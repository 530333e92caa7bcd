"""Tiles of the recurrence that are written out for their width, so that each thread has a group of its own."""
