"""What a server says of itself: metrics, log lines, spans."""
