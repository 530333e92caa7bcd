"""From completions to what clients get."""
