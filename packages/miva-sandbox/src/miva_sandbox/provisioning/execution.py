"""Running a document: every tag in its order, whatever became of the one before."""

import sqlite3
from collections.abc import Callable

from miva_sandbox.provisioning import document, known_tags, registry, tags
from miva_sandbox.provisioning.document import Element
from miva_sandbox.provisioning.messages import Message, Messages
from miva_sandbox.provisioning.registry import Refused, Tag
from miva_sandbox.state.errors import StoreError
from miva_sandbox.state.store import Store

# Importing the package is what registers the tags.
_REGISTERED = tags


def run(store: Store, xml: str, *, before_tag: Callable[[str], None] | None = None) -> list[Message]:
    """
    Run the tags of a document and return the messages of those that failed.

    `before_tag` is called with the name of each tag; what it raises ends the run, and what was done stays done.

    Raises ParseError, TooManyTopLevelTags; then nothing was run.
    """
    messages = Messages(store.clock)
    wrapper = document.parse(xml)
    if wrapper.stray_text:
        store.lint.report("stray text", "Provision_Store", wrapper.stray_text[:100])
    for element in wrapper.all_children:
        if before_tag is not None:
            before_tag(element.name)
        _run_tag(Tag(store, element, messages))
    return messages.all()


def _run_tag(tag: Tag) -> None:
    function = registry.find(tag.element.key)
    if function is None:
        tag.complain(
            f"Tag {tag.name} is known to a store but not implemented in this sandbox"
            if known_tags.is_known(tag.element.key)
            else "Unknown tag"
        )
        return
    before = len(tag.messages)
    # One transaction is for speed alone: errors are caught inside it, so what a failing tag wrote stays.
    with tag.store.db.savepoint():
        try:
            function(tag)
        except (Refused, StoreError) as error:
            tag.complain_of(error)
        except (sqlite3.Error, OverflowError) as error:
            tag.complain(f"Fatal Error: MER-DBA-00000: {error}")
    if len(tag.messages) == before and not tag.goes_on:
        _report_ignored(tag.store, tag.element)


def _report_ignored(store: Store, element: Element) -> None:
    for kind, path in element.ignored():
        store.lint.report(kind, element.name, path)
