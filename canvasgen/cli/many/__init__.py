"""Commands for many requests: a server, and batches from files."""
