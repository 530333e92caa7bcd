"""From what clients send to canvasgen's requests: what the answer must be, and how it is generated."""
