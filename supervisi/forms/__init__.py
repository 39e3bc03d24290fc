"""Forms: parsing and labels."""
