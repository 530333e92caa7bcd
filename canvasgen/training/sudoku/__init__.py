"""Data, training and evaluation of the embedded Sudoku model."""
