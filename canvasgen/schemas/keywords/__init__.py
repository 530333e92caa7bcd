"""What each keyword of JSON Schema means: its set of values."""
