"""The exact engine: instrument tree, answers, scores, gates. Pure Python, no Django; see docs/penilaian.md."""
