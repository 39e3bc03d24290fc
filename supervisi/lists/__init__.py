"""Every list of a page as a table for CSV and XLSX: the same sight, the same filters, all rows."""
