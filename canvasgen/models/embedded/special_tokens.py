"""Ids and texts of the special tokens in the vocabularies of the embedded models."""

PAD_ID, EOS_ID, BOS_ID = 0, 1, 2

PAD, EOS, BOS = "<pad>", "<eos>", "<bos>"

MASK = "<mask>"
"""Of the model with mask noise; the last one of its vocabulary."""

__all__ = ["BOS", "BOS_ID", "EOS", "EOS_ID", "MASK", "PAD", "PAD_ID"]
