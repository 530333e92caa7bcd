"""What kernels and solvers work on: cells numbered in a space, and relations as primitives and arrays."""
