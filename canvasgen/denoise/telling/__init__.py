"""What is told of a committed canvas besides its text."""
