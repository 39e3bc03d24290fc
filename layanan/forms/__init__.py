"""Forms of the public side, one module a topic."""
