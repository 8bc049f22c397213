"""
What a store said to a provisioning document. It has messages for what failed only, without number or severity, so each
one is given to the tag that it can only be about, and says whether the wanted state holds in spite of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from tradepost.miva.documents.tags import Tag
from tradepost.miva.rows.product_records import Message


class Meaning(Enum):
    """What a message says about the wanted state."""

    REFUSED = "the tag had no effect"
    EXISTS = "a record of that code is there, unchanged"
    HOLDS = "the wanted state holds already"


# Tag (casefolded) -> (part of the message, its meaning). What is not here was refused.
_MEANINGS: Mapping[str, tuple[str, Meaning]] = {
    "product_add": ("already exists", Meaning.EXISTS),
    "category_add": ("already exists", Meaning.EXISTS),
    "productattribute_add": ("already exists", Meaning.EXISTS),
    "productattributeoption_add": ("already exists", Meaning.EXISTS),
    "productfield_add": ("already exists", Meaning.EXISTS),
    "imagetype_add": ("already exists", Meaning.EXISTS),
    "ordershipment_add": ("already exists", Meaning.EXISTS),
    "uri_add": ("already in use", Meaning.EXISTS),
    "categoryproduct_assign": ("already assigned", Meaning.HOLDS),
    "categoryproduct_unassign": ("not assigned", Meaning.HOLDS),
    "product_delete": ("does not exist", Meaning.HOLDS),
    "productattribute_delete": ("is not assigned to product", Meaning.HOLDS),
    "productattributeoption_delete": ("is not assigned to attribute", Meaning.HOLDS),
    "productvariant_delete": ("does not exist", Meaning.HOLDS),
}


_CERTAIN = 100  # more than any number of codes


@dataclass(frozen=True, slots=True)
class ProvisionMessage:
    """One message; `line` is for display only, as a store may have rewrapped the document before it counted."""

    tag: str
    text: str
    line: int = 0

    @property
    def meaning(self) -> Meaning:
        part, meaning = _MEANINGS.get(self.tag.casefold(), ("", Meaning.REFUSED))
        return meaning if part and part in self.text.casefold() else Meaning.REFUSED


def messages_of(rows: Iterable[Message]) -> list[ProvisionMessage]:
    return [ProvisionMessage(row.tag.strip(), row.message.strip(), row.lineno) for row in rows]


@dataclass(frozen=True, slots=True)
class Attribution:
    """Messages by owner of the tag they are about, and those that could be about several owners' tags."""

    by_owner: Mapping[int, tuple[ProvisionMessage, ...]] = field(default_factory=dict)
    unattributed: tuple[ProvisionMessage, ...] = ()


def attribute(
    messages: Sequence[ProvisionMessage], tags: Sequence[Tag], *, owners: Sequence[int] | None = None
) -> Attribution:
    """
    Give each message to a tag of its name: the one most of whose codes it quotes, if there is only one such.

    `owners` says for each tag what it was sent for; without it each tag is its own owner. Messages come in the order
    of the tags, so a tag before the last one that was found is out of the question.
    """
    if not messages:
        # Mostly there are none, and a document has hundreds of tags.
        return Attribution()
    owners = range(len(tags)) if owners is None else owners
    by_owner: dict[int, list[ProvisionMessage]] = {}
    unattributed: list[ProvisionMessage] = []
    names = [tag.names for tag in tags]
    reached = 0
    for message in messages:
        candidates = [index for index in range(reached, len(tags)) if message.tag.casefold() in names[index]]
        quoted = message.text.casefold()
        scores = {index: _score(quoted, tags[index]) for index in candidates}
        best = [index for index in candidates if scores[index] == max(scores.values())]
        found = {owners[index] for index in best}
        if len(found) == 1:
            reached = best[0]
            by_owner.setdefault(found.pop(), []).append(message)
        else:
            unattributed.append(message)
    return Attribution({owner: tuple(belonging) for owner, belonging in by_owner.items()}, tuple(unattributed))


def _score(text: str, tag: Tag) -> int:
    certain = sum(_CERTAIN for phrase in tag.phrases if phrase.casefold() in text)
    return certain + sum(_quotes(text, subject) for subject in tag.subjects)


def _quotes(text: str, subject: str) -> bool:
    folded = subject.casefold()
    return bool(folded) and (f"'{folded}'" in text or f"#{folded} " in f"{text} ")
