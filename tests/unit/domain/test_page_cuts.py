"""What leaves a family's page with a publish: an example for each thing that the rule looks at."""

from dataclasses import dataclass, field, replace

import pytest

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import Health, Link, Pending, Status, is_due_for_publish
from tradepost.domain.listings.page_cuts import cut_off

LISTED = Status(Health.LISTED, Link.LINKED)


@dataclass(frozen=True)
class Row:
    kind: Kind
    status: Status = LISTED
    account: int | None = 5
    proven_without_stock: bool = False
    overwrite_groups: frozenset[Group] = frozenset()
    proven_fingerprints: dict[Group, str] = field(default_factory=dict)
    layout: Layout | None = None


PAGE = Row(
    Kind.PARENT,
    replace(LISTED, pending=Pending.OVERWRITE),
    overwrite_groups=frozenset({Group.STRUCTURE}),
    proven_fingerprints={Group.STRUCTURE: "a"},
)
IDLE_PAGE = replace(PAGE, status=LISTED)
STAYS = Row(Kind.VARIANT)
GOES = Row(Kind.VARIANT, replace(LISTED, is_orphaned=True))
NEW = Row(Kind.VARIANT, Status(pending=Pending.PUBLISH), account=None)
ARTICLE = Row(Kind.SIMPLE, replace(LISTED, pending=Pending.OVERWRITE))


def cut(*family, layout=Layout.NATIVE):
    return cut_off(family, lambda row: is_due_for_publish(row.status), layout=layout)


@pytest.mark.parametrize(
    "family",
    {
        "a structure is due": (PAGE, STAYS),
        "a new variant is put into the page": (IDLE_PAGE, NEW),
        "one article is left, and gets a page of its own": (IDLE_PAGE, ARTICLE),
        "the page is not the first of its family": (STAYS, PAGE),
    }.values(),
)
@pytest.mark.parametrize(
    "left",
    {
        "counted": GOES,
        "the last piece": replace(GOES, account=1),
        "of unknown number": replace(GOES, account=None),
        "sold at 0": replace(GOES, account=0, proven_without_stock=True),
    }.values(),
)
def test_what_the_catalogue_has_no_more_is_cut_off_with_a_new_structure(family, left):
    assert cut(*family, left) == [left]


@pytest.mark.parametrize(
    "family",
    {
        "nothing is due": (IDLE_PAGE, STAYS),
        "other content is due": (replace(PAGE, overwrite_groups=frozenset({Group.TEXTS})), STAYS),
        "a paused page is": (replace(PAGE, status=replace(PAGE.status, is_paused=True)), STAYS),
        "a variant's own content is": (IDLE_PAGE, replace(STAYS, status=replace(LISTED, pending=Pending.OVERWRITE))),
        "the merchant's page is added to": (replace(IDLE_PAGE, proven_fingerprints={}), NEW),
        "the page is hidden": (replace(PAGE, status=replace(PAGE.status, health=Health.HIDDEN)), STAYS),
        "there is no page": (NEW,),
        "only an article of its own is due": (replace(ARTICLE, overwrite_groups=frozenset({Group.STRUCTURE})),),
    }.values(),
)
def test_nothing_is_cut_off_where_no_page_gets_another_structure(family):
    assert cut(*family, GOES) == []


@pytest.mark.parametrize(
    "left",
    {
        "in the catalogue": STAYS,
        "sold out": replace(GOES, account=0),
        "hidden": replace(GOES, status=Status(Health.HIDDEN, Link.LINKED, is_orphaned=True)),
        "gone": replace(GOES, status=Status(Health.LISTED, Link.BROKEN, is_orphaned=True)),
        "on a page of its own": replace(GOES, kind=Kind.SIMPLE),
    }.values(),
)
def test_what_is_not_sold_on_the_page_or_stays_there_is_not_counted(left):
    assert cut(PAGE, left) == []
