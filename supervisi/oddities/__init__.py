"""The five signs of what looks odd: each module reads one of them, in a fixed number of queries (docs/janggal.md)."""
