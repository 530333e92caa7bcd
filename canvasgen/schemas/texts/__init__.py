"""How values are written and read: the language of the JSON texts of a set of values."""
