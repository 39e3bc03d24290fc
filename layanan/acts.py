"""What the acts of the public side are called in the audit trail."""

ACTS: dict[str, str] = {}
