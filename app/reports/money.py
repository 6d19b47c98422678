"""Pure: amounts of money as people write them."""

# ISO 4217, list one, "minor unit": how many decimals a currency has. All others have two.
_DECIMALS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"), 0),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_MOST_COMMON = 2


def money(minor: int, currency: str) -> str:
    """Return an amount of a currency, from its minor units: ``1 016.99 GBP``, ``1 699 JPY``."""
    decimals = _DECIMALS.get(currency, _MOST_COMMON)
    whole, rest = divmod(minor, 10**decimals)
    written = f"{whole:,}".replace(",", "\u202f")
    return f"{written}.{rest:0{decimals}} {currency}" if decimals else f"{written} {currency}"
