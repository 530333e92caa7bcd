"""What clients send and get: pydantic models, and errors in OpenAI's form."""
