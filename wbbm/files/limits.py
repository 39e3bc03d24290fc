"""What the store takes, stated to people before they choose a file."""

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 100_000_000
# And on its longer side: millions of rows of two pixels fill the memory, however few pixels they are.
MAX_SIDE = 30_000
# Longest edge of a photo as it is kept, and of its thumbnail, in pixels.
MAX_EDGE = 2048
THUMBNAIL_EDGE = 320
# About what a photo may take as it is kept: the quality is lowered in steps down to it.
PHOTO_BYTES = 400 * 1024
# Office files are zip archives: their contents are measured before anything reads them.
MAX_UNPACKED_BYTES = 120 * 1024 * 1024
MAX_ENTRIES = 3000
MAX_NAME = 120
