"""Documents to file: what they show, and how it becomes a PDF."""
