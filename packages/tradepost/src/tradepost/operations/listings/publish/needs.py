"""
What has to be there before a product is sent: set-up and files, the variants that a page offers, and the new page of a
variant, since nobody could find it without.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

from tradepost.domain.channels.layout import has_parent
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.plan import Change, Plan, SubjectId, SubjectKind
from tradepost.operations.listings.publish.family_plan import FamilyPlan, PublishDetail
from tradepost.operations.listings.publish.wanted_pages import setup_items
from tradepost.operations.ports import Needs

# Fields whose values a store refuses unless it knows what they name.
_SET_UP = frozenset({"categories", "custom_fields", "placement", "images"})


def needs_of(plan: Plan[PublishDetail], rules: ContentRules) -> Needs:
    """Say of each product which others of the plan it needs, where there are any."""
    needs: dict[SubjectId, Collection[SubjectId]] = {}
    for family in plan.detail.families:
        made = {code_key(code) for code in family.creates}
        switched = _in_a_ring(family)
        for change in family.unit.changes:
            found = {
                *_set_up(change, family, plan.detail, rules),
                *_files(change, plan.detail),
                *_products(change, root=_root_of(family), made=made),
                *switched.get(change.subject.id, ()),
            }
            if found:
                needs[change.subject.id] = found
    return needs


def _in_a_ring(family: FamilyPlan) -> dict[SubjectId, Collection[SubjectId]]:
    """What is switched needs all the rest: each the next, and the last the first."""
    if not family.layout.switched:
        return {}
    subjects = [change.subject.id for change in family.unit.changes]
    return {one: (other,) for one, other in zip(subjects, subjects[1:] + subjects[:1], strict=True) if one != other}


def _root_of(family: FamilyPlan) -> str:
    """The code key of the page; blank where there is none that all others stand on."""
    is_page = has_parent(family.layout.layout, is_family=family.family.product.is_family)
    return code_key(family.unit.key) if is_page else ""


def _set_up(change: Change, family: FamilyPlan, detail: PublishDetail, rules: ContentRules) -> Iterator[SubjectId]:
    if not detail.set_up or family.wanted is None or not any(change.touches(name) for name in _SET_UP):
        return
    alone = replace(family.wanted, products=(family.wanted.product(change.subject.key),))
    needed = {(item.kind, item.code) for item in setup_items(alone, rules=rules)}
    yield from (subject for subject, item in detail.set_up.items() if (item.kind, item.code) in needed)


def _files(change: Change, detail: PublishDetail) -> Iterator[SubjectId]:
    images = change.after("images") or ()
    yield from ((SubjectKind.FILE, image.path) for image in images if image.path in detail.files)


def _products(change: Change, *, root: str, made: Collection[str]) -> Iterator[SubjectId]:
    """`made`: the codes, as keys, of products of the family that the plan makes."""
    own = code_key(change.subject.key)
    parts = {code_key(code) for variant in change.after("variants") or () for code in variant.part_codes}
    yield from ((SubjectKind.PRODUCT, code) for code in sorted(parts) if code in made)
    if own in made and own != root and root in made:
        yield SubjectKind.PRODUCT, root
