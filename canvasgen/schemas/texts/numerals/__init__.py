"""The spellings of numbers: whole numbers, decimals, exponents, multiples of a step."""
