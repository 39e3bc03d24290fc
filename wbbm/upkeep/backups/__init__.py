"""Backups: one encrypted file for each set, and the way back from it (docs/keputusan/0020)."""
