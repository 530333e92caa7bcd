"""Ids and texts of the special tokens in the vocabularies of the embedded models."""

PAD_ID, EOS_ID, BOS_ID = 0, 1, 2

PAD, EOS, BOS = "<pad>", "<eos>", "<bos>"

__all__ = ["BOS", "BOS_ID", "EOS", "EOS_ID", "PAD", "PAD_ID"]
