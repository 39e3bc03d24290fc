"""Items that the portal can propose an answer for, from its own figures. Pure Python; the rules are data."""
