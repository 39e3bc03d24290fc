"""Import of units and people from CSV and XLSX: reading, checking; writing is services/imports.py."""
