"""Amounts of money as people read them."""


def rupiah(amount: int) -> str:
    """Write an amount: Rp75.000."""
    return f"Rp{amount:,}".replace(",", ".")
