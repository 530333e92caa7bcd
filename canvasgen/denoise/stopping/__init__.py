"""When a block is over: its canvas has converged, its drafts go round in a cycle, or its time is up."""
