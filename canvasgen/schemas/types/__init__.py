"""Python types, through pydantic."""
