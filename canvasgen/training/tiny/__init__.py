"""Data, training and evaluation of the embedded model that copies values out of texts."""
