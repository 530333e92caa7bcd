"""What is asked of a problem: the best assignment, all assignments, why there is none."""
