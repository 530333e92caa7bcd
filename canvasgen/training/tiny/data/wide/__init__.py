"""Wider training data: coined names of many tongues, any keys, many layouts, numbers of many shapes."""
