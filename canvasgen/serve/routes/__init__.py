"""The HTTP side: routes, keys, limits of bodies, errors."""
