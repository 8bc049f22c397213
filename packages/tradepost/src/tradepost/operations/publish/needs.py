"""What has to be there before a product is sent: set-up and files, the variants of a page, and a variant's new page."""

from collections.abc import Iterator
from dataclasses import replace

from tradepost.domain.codes import code_key
from tradepost.domain.making import ContentRules
from tradepost.domain.plan import Change, SubjectId, SubjectKind
from tradepost.operations.publish.family_plan import FamilyPlan, setup_items
from tradepost.operations.publish.values import PublishDetail

# Fields whose values a store refuses unless it knows what they name.
_SET_UP = frozenset({"categories", "custom_fields", "placement", "images"})


def needs_of_product(change: Change, detail: PublishDetail, rules: ContentRules) -> frozenset[SubjectId]:
    key = code_key(change.subject.key)
    family = next((family for family in detail.families if key in family.rows), None)
    if family is None or family.wanted is None:
        return frozenset()
    return frozenset({*_set_up(change, family, detail, rules), *_files(change, detail), *_products(change, family)})


def _set_up(change: Change, family: FamilyPlan, detail: PublishDetail, rules: ContentRules) -> Iterator[SubjectId]:
    if not any(change.touches(name) for name in _SET_UP) or family.wanted is None:
        return
    alone = replace(family.wanted, products=(family.wanted.product(change.subject.key),))
    needed = {(item.kind, item.code) for item in setup_items(alone, rules=rules)}
    yield from (subject for subject, item in detail.set_up.items() if (item.kind, item.code) in needed)


def _files(change: Change, detail: PublishDetail) -> Iterator[SubjectId]:
    images = change.after("images") or ()
    yield from ((SubjectKind.FILE, image.path) for image in images if image.path in detail.files)


def _products(change: Change, family: FamilyPlan) -> Iterator[SubjectId]:
    made = {code_key(code) for code in family.creates}
    own, root = code_key(change.subject.key), code_key(family.unit.key)
    parts = {code_key(code) for variant in change.after("variants") or () for code in variant.part_codes}
    yield from ((SubjectKind.PRODUCT, code) for code in parts & made)
    if own in made - {root} and root in made:
        yield SubjectKind.PRODUCT, root
