"""What each page of the public side reads, in a fixed number of queries."""
