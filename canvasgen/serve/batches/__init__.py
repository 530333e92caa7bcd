"""Batches from files: `canvasgen batch in.jsonl out.jsonl`."""
