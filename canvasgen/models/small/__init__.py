"""What the models of this package share: the small configuration, lean arithmetic for training, saving of runs."""
