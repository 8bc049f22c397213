"""
The formats of catalogue files. A new one is a module beside this one, a member of `CatalogueForm`, and a line in
`FORMATS`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from tradepost.catalogues.csv_file import csv_sample
from tradepost.catalogues.json_lines import JsonCatalogue, json_sample
from tradepost.catalogues.miva_flat import MivaFlatFile
from tradepost.catalogues.refused_rows import refused_rows
from tradepost.catalogues.shopify_csv import ShopifyCsv
from tradepost.catalogues.sku_values import SkuCsv
from tradepost.catalogues.template import TemplateCsv
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.errors import FileRefused
from tradepost.operations.ports import NO_COUNT_COLUMNS, CountColumns, FileLook, ReadProduct


class CatalogueFormat(Protocol):
    """A layout of catalogue files; `description` finishes the sentence "The file is no ..."."""

    @property
    def form(self) -> CatalogueForm: ...

    @property
    def description(self) -> str: ...

    @property
    def columns(self) -> Collection[str]:
        """The names of the columns that are read; others are passed over."""
        ...

    @property
    def product_columns(self) -> Sequence[str]:
        """The first of these columns that a row fills in says of which product it is; none where rows are no CSV."""
        ...

    def check(self, path: Path) -> None:
        """
        Look at the beginning of a file, no more.

        Raises FileRefused with what keeps it from being of this format.
        """
        ...

    def read(self, path: Path, *, counted: CountColumns) -> Iterator[ReadProduct]:
        """Read a file that `check` let pass, as `operations.ports.CatalogueReader` has it."""
        ...


# In the order in which a file is tried: one of SKUs alone has no column that the others lack.
FORMATS: tuple[CatalogueFormat, ...] = (ShopifyCsv(), TemplateCsv(), MivaFlatFile(), SkuCsv(), JsonCatalogue())


class CatalogueFiles:
    """
    Implements `operations.ports.CatalogueReader`: a file is read by the format that is named, else by the first one
    that it is of.
    """

    def __init__(self, formats: Sequence[CatalogueFormat] = FORMATS) -> None:
        self._formats = formats

    def read(
        self, path: Path, *, form: CatalogueForm | None = None, counted: CountColumns = NO_COUNT_COLUMNS
    ) -> Iterator[ReadProduct]:
        return self.recognised(path, form).read(path, counted=counted)

    def look(self, path: Path, *, form: CatalogueForm | None = None, rows: int) -> FileLook:
        """
        Look at the beginning of a file, and give so many of its rows as they stand there.

        Raises FileRefused as `read` does.
        """
        found = self.recognised(path, form)
        if found.form is CatalogueForm.JSON_LINES:
            columns, sample = json_sample(path, rows=rows)
        else:
            columns, sample = csv_sample(path, rows=rows)
        passed_over = [name for name in columns if name and name not in found.columns]
        return FileLook(found.form, columns, passed_over, sample)

    def refused_rows(
        self, path: Path, *, form: CatalogueForm | None = None, refused: Mapping[int, str]
    ) -> list[list[str]]:
        """
        Return the rows of these lines to be mended and given again; none of a file whose rows are no CSV.

        Shape: as `refused_rows.refused_rows` has it. Raises FileRefused as `read` does.
        """
        columns = self.recognised(path, form).product_columns
        return refused_rows(path, product_columns=columns, refused=refused) if columns else []

    def recognised(self, path: Path, form: CatalogueForm | None) -> CatalogueFormat:
        """Return the format of a file, the one that is named if the file is of it. Raises FileRefused."""
        return self._format_of(path) if form is None else self._named(path, form)

    def _named(self, path: Path, form: CatalogueForm) -> CatalogueFormat:
        named = next(each for each in self._formats if each.form is form)
        named.check(path)
        return named

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
