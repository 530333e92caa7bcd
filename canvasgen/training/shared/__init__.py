"""What both trainings share: the small configuration, lean arithmetic, optimizers, growth, averages, saving."""
