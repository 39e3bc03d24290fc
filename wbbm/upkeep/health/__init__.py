"""How the portal does (kesehatan sistem): figures in words, each with what to do when it is red."""
