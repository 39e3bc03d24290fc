"""The official workbook, in and out: pure, without Django (docs/buku-kerja.md)."""
