"""
A planned unit as provisioning tags, in the one order in which a store can take them (`miva.fields.DocumentStep`). Each
tag remembers the change it was sent for.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tradepost.domain.plan import Action, Change, Unit
from tradepost.miva.documents import tags
from tradepost.miva.documents.tags import Tag, Value
from tradepost.miva.fields import ELEMENTS, OWN_TAGS, DocumentStep


@dataclass(frozen=True, slots=True)
class UnitDocument:
    """The tags of a unit, and for each the index of its change."""

    tags: tuple[Tag, ...]
    owners: tuple[int, ...]

    @property
    def xml(self) -> str:
        return tags.document(self.tags)


def unit_document(unit: Unit) -> UnitDocument:
    """Write the creations and updates of products that a unit holds."""
    steps: list[list[tuple[Tag, int]]] = [[] for _ in DocumentStep]
    for index, change in enumerate(unit.changes):
        for step, tag in _tags_of(change):
            steps[step].append((tag, index))
    ordered = [pair for step in steps for pair in step]
    return UnitDocument(tuple(tag for tag, _ in ordered), tuple(index for _, index in ordered))


def _tags_of(change: Change) -> Iterable[tuple[DocumentStep, Tag]]:
    code = change.subject.key
    changed = {field.name: field for field in change.fields}
    elements: dict[str, Value] = {
        element.name: element.write(changed[name].after) for name, element in ELEMENTS.items() if name in changed
    }
    # Nothing is rolled back: a family that breaks off half way, or an article whose stock is not counted yet, must not
    # be on sale.
    is_built = change.action is Action.CREATE or change.touches("variants")
    active = ELEMENTS["is_active"].name
    opens_last = elements.get(active) is True and is_built
    if opens_last and change.action is Action.CREATE:
        elements[active] = False
    elif opens_last:
        del elements[active]
    closes_last = change.action is not Action.CREATE and elements.get(active) is False
    if closes_last:
        del elements[active]
    if change.action is Action.CREATE:
        yield DocumentStep.PRODUCT, tags.product_add(code=code, **elements)
    elif elements:
        yield DocumentStep.PRODUCT, tags.product_update(code=code, **elements)
    if opens_last:
        yield DocumentStep.OPEN, tags.product_update(code=code, **{active: True})
    if closes_last:
        yield DocumentStep.CLOSE, tags.product_update(code=code, **{active: False})
    for name, places in OWN_TAGS.items():
        if name in changed and changed[name].after is not None:
            for own in places:
                for tag in own.make(code, changed[name].before, changed[name].after):
                    yield own.step, tag
