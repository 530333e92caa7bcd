"""How the embedded models are trained and measured; nothing at run time imports it, and the wheel leaves it out."""
