"""A backend of Triton that compiles nothing: kernels run in the interpreter (`TRITON_INTERPRET=1`)."""
