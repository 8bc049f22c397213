"""Barcodes: the numbers of GS1 (EAN, UPC and other GTIN), whose last digit tells whether the others are right."""

import re

_LENGTHS = frozenset({8, 12, 13, 14})
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)


def is_rounded(barcode: str) -> bool:
    """Whether a spreadsheet took it for a number too long to show: 4.00638E+12."""
    return _ROUNDED.fullmatch(barcode) is not None


def right_check_digit(barcode: str) -> str:
    """
    Return what an EAN, UPC or other GTIN should end in; blank for what is of another kind.

    From the right, the digits before it count three times and once in turn.
    Source: GS1 General Specifications, 7.9.1.
    """
    if not (barcode.isascii() and barcode.isdigit() and len(barcode) in _LENGTHS):
        return ""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(barcode[:-1])))
    return str(-total % 10)
