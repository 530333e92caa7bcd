"""What vLLM's new model runner misses on a CPU with the wheels of PyPI; for tests alone."""
