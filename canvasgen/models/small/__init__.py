"""What the models of this package share: the small configuration, lean arithmetic for training, saving of runs."""

PAD_ID, EOS_ID, BOS_ID = 0, 1, 2
"""Ids of the special tokens in the vocabularies of small models."""

PAD, EOS, BOS = "<pad>", "<eos>", "<bos>"

__all__ = ["BOS", "BOS_ID", "EOS", "EOS_ID", "PAD", "PAD_ID"]
