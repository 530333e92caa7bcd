"""Relations as users write them, each with its check and the primitives that it is propagated by."""
