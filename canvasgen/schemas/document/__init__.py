"""A schema as it was written: plain data, drafts, references."""
