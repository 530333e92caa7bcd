"""The recurrence over runs: states side by side that are joined alike to states side by side."""
