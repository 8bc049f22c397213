"""
The formats of catalogue files. A new one is a module beside this one, and a line in `FORMATS`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from tradepost.catalogues.shopify_csv import ShopifyCsv
from tradepost.domain.errors import FileRefused
from tradepost.operations.ports import ReadProduct


class CatalogueFormat(Protocol):
    """A layout of catalogue files; `description` finishes the sentence "The file is no ..."."""

    @property
    def name(self) -> str: ...

    @property
    def description(self) -> str: ...

    def check(self, path: Path) -> None:
        """
        Look at the beginning of a file, no more.

        Raises FileRefused with what keeps it from being of this format.
        """
        ...

    def read(self, path: Path, *, counted_column: str = "", orders_column: str = "") -> Iterator[ReadProduct]:
        """Read a file that `check` let pass, as `operations.ports.CatalogueReader` has it."""
        ...


FORMATS: tuple[CatalogueFormat, ...] = (ShopifyCsv(),)


class CatalogueFiles:
    """Implements `operations.ports.CatalogueReader`: each file is read by the first format that it is of."""

    def __init__(self, formats: Sequence[CatalogueFormat] = FORMATS) -> None:
        self._formats = formats

    def read(self, path: Path, *, counted_column: str = "", orders_column: str = "") -> Iterator[ReadProduct]:
        return self._format_of(path).read(path, counted_column=counted_column, orders_column=orders_column)

    def _format_of(self, path: Path) -> CatalogueFormat:
        """Raises FileRefused: with the one reason where all formats agree (no such file), else with each format's."""
        reasons: dict[str, str] = {}
        for catalogue_format in self._formats:
            try:
                catalogue_format.check(path)
            except FileRefused as refusal:
                reasons[catalogue_format.description] = str(refusal)
            else:
                return catalogue_format
        different = set(reasons.values())
        if len(different) == 1:
            raise FileRefused(different.pop())
        told = " ".join(f"It is no {description}: {reason}" for description, reason in reasons.items())
        raise FileRefused(f"{path} is in no format that can be imported. {told}")
