"""The recurrence of one row over the states that matter, with a bound on what is left out."""
