"""The documents hold together: every link leads to a file that is there, and what is generated is as generated."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("packages/*/*.md"), *ROOT.glob("docs/**/*.md")])
_LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_document_leads_to_a_file(document):
    links = _LINK.findall(document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_decisions_are_all_listed():
    listed = set(_LINK.findall((ROOT / "docs/adr/README.md").read_text(encoding="utf-8")))

    assert listed == {path.name for path in (ROOT / "docs/adr").glob("0*.md")}


@pytest.mark.parametrize("name", ["attention", "capabilities", "filters", "roles", "statuses"])
def test_a_reference_is_as_its_table_says(name):
    """The tables that commands work by, and their pages, are one (R58)."""
    folder = ROOT / "docs" / "reference"
    specification = importlib.util.spec_from_file_location(f"write_{name}", folder / f"write_{name}.py")
    writer = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(writer)

    assert (folder / f"{name}.md").read_text(encoding="utf-8") == writer.text()
