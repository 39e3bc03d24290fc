"""Jobs: a table that remembers, a doorbell that wakes, a sweep that finds what was left."""
