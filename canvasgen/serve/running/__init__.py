"""Plans through the scheduler: the queue, the deadline, and what becomes of each row."""
