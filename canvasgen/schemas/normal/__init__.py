"""Sets of JSON values and their algebra."""
