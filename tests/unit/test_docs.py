"""The documents hold together: every link leads to a file that is there, and what is generated is as generated."""

import html
import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from tradepost.cli import NOUNS, load, verbs_of

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("packages/*/*.md"), *ROOT.glob("docs/**/*.md")])
_LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")
_ANCHOR = re.compile(r"\]\((?!https?://|mailto:)([^)#\s]*)#([^)\s]+)\)")
_IN_BLOCK = re.compile(r"^ {4,}(?:\$ )?(?:[A-Z_]+=\S+ |sudo )*(?:\S*/)?tradepost ((?:.*\\\n)*.*)", re.MULTILINE)
_IN_LINE = re.compile(r"`(?:\.venv/bin/)?tradepost\s([^`]+)`")
_IN_FENCE = re.compile(r"^ *(?:\.venv/bin/)tradepost ((?:.*\\\n)*.*)", re.MULTILINE)
_TOLD = [ROOT / "README.md", *sorted(ROOT.glob("docs/tutorial/*.md")), *sorted(ROOT.glob("docs/how-to/*.md"))]
_ITALICS = re.compile(r"(?<![*\w])\*(?![*\s])([^*\n]+(?:\n[^*\n]+)?)\*(?!\*)")
_EXAMPLES = {
    "17 to create, 2 to change",
    "2 scripts, 1 handler removed from the description of TEE",
    "+21 %",
    "+25 %",
}
# What a document says of the commands of another time stays as it was.
_OF_TODAY = [path for path in DOCUMENTS if path.name != "CHANGELOG.md" and path.parent.name != "adr"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_document_leads_to_a_file(document):
    links = _LINK.findall(document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_heading_leads_to_one(document):
    links = _ANCHOR.findall(document.read_text(encoding="utf-8"))

    assert [f"{file}#{name}" for file, name in links if name not in _headings(document.parent / file, document)] == []


def test_every_command_that_a_document_names_can_be_typed():
    """Noun, verb and options are those of the command line; what stands for a value is not looked at."""
    typed = [(path, line) for path in _OF_TODAY for line in _commands_in(path.read_text(encoding="utf-8"))]

    assert len(typed) > 300
    assert [f"{path.relative_to(ROOT)}: {line}: {wrong}" for path, line in typed if (wrong := _wrong_of(line))] == []


@pytest.mark.parametrize("document", _TOLD, ids=lambda path: path.name)
def test_what_a_document_calls_pages_and_buttons_is_what_they_are_called(document, said_by_the_hub):
    """Such names, and the hub's own words, are in italics; an example that is made of them is listed apart."""
    text = re.sub(r"`[^`]*`", "", document.read_text(encoding="utf-8"))
    names = {name.strip(" .…,:?") for words in _ITALICS.findall(text) for name in " ".join(words.split()).split(" > ")}

    assert sorted(name for name in names - _EXAMPLES if name.lower() not in said_by_the_hub) == []


def test_the_decisions_are_all_listed():
    listed = _LINK.findall((ROOT / "docs/adr/README.md").read_text(encoding="utf-8"))

    assert listed == sorted(path.name for path in (ROOT / "docs/adr").glob("0*.md"))


@pytest.mark.parametrize("name", ["attention", "capabilities", "filters", "roles", "statuses"])
def test_a_reference_is_as_its_table_says(name):
    """The tables that commands work by, and their pages, are one (R58)."""
    folder = ROOT / "docs" / "reference"
    specification = importlib.util.spec_from_file_location(f"write_{name}", folder / f"write_{name}.py")
    writer = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(writer)

    assert (folder / f"{name}.md").read_text(encoding="utf-8") == writer.text()


@pytest.fixture(scope="module")
def said_by_the_hub():
    """All that the hub's pages and modules say, in small letters and with single blanks."""
    source = ROOT / "packages" / "tradepost" / "src"
    files = [*source.rglob("*.html"), *source.rglob("*.py")]
    return " ".join(html.unescape(" ".join(path.read_text(encoding="utf-8") for path in files)).lower().split())


def _headings(path: Path, document: Path) -> set[str]:
    text = (document if path.is_dir() else path).read_text(encoding="utf-8")
    headings = (heading.strip().lower() for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}


def _commands_in(text: str) -> list[str]:
    found = [found for pattern in (_IN_BLOCK, _IN_LINE, _IN_FENCE) for found in pattern.findall(text)]
    return [" ".join(line.replace("\\\n", " ").split()) for line in found]


def _wrong_of(line: str) -> str:
    words = _words(line)
    if not words or words[0].startswith("-") or words[0] == "<noun>":
        return ""
    noun, *rest = words
    if noun not in NOUNS:
        return f"no noun {noun}"
    verbs = verbs_of(load(noun))
    verb = "" if "" in verbs else next(iter(rest), "")
    if verb and verb not in verbs:
        return f"no verb {verb}"
    known = {"--help", "-h"} | {
        name for each in ([verbs[verb]] if verb in verbs else verbs.values()) for name in _names(each)
    }
    return ", ".join(sorted({word.partition("=")[0] for word in rest if word.startswith("--")} - known))


def _words(line: str) -> list[str]:
    lexer = shlex.shlex(line.replace("[", " ").replace("]", " "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = []
    for word in lexer:
        if set(word) <= set("|;&<>"):
            break
        words.append(word)
    return words


def _names(command) -> list[str]:
    return [name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)]
