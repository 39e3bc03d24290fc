"""Drills: the running portal under load, a fault put into it, and a ledger of what it acknowledged (`make drills`)."""
