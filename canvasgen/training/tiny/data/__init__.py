"""The synthetic data of the embedded model: scenes, records, letters, tables, words."""
