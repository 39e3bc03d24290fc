"""Amounts of money as people read them."""

from decimal import Decimal


def rupiah(amount: int | Decimal) -> str:
    """Write an amount: Rp75.000; cents only where there are any."""
    whole, cents = divmod(int((Decimal(amount) * 100).to_integral_value()), 100)
    text = f"Rp{whole:,}".replace(",", ".")
    return f"{text},{cents:02d}" if cents else text
