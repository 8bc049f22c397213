"""Product types: written where none is and a listing says which; what is there stays."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_family, a_simple, a_store_product
from fakes.hub import MemoryHub
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Pending, Status
from tradepost.domain.plan import Outcome
from tradepost.operations.listings.product_types import ProductTypes
from tradepost.operations.ports import SetupKind
from tradepost.operations.selection import EVERYTHING, Selection

FIELD = "product_type"


def hub_with(*types, is_linked=True):
    """A hub with mugs m1, m2, ... of which the store has these types."""
    hub = MemoryHub()
    for number, kind in enumerate(types, start=1):
        hub.list_on_store(a_simple(f"m{number}"))
        set_type(hub, f"m{number}", kind)
        if not is_linked:
            hub.listings.change(f"m{number}", status=Status(), external_id=None)
    return hub


def set_type(hub, code, kind):
    product = hub.store.shelf.by_key[code_key(code)]
    hub.store.shelf.by_key[code_key(code)] = replace(product, custom_fields={FIELD: kind} if kind else {})


def type_of(hub, code):
    return hub.store.shelf.by_key[code_key(code)].custom_fields.get(FIELD, "")


def write_types(hub, selection=EVERYTHING, **options):
    return hub.drive(ProductTypes(hub.settings, selection), **options)


def test_what_has_no_type_gets_that_of_its_listing_and_the_field_is_made_first():
    hub = hub_with("", "variant", "")

    run = write_types(hub)

    assert [type_of(hub, f"m{number}") for number in (1, 2, 3)] == ["simple", "variant", "simple"]
    assert [method for method, _ in hub.store.writes] == ["set_up", "provision"]
    assert set(run.outcomes.values()) == {Outcome.APPLIED}
    assert (SetupKind.CUSTOM_FIELD, FIELD) in hub.inventory.known_setup()
    assert write_types(hub).results == []


def test_a_family_is_typed_as_what_each_of_it_is():
    hub = MemoryHub()
    for row in hub.list_on_store(a_family("tee", "S", "M")):
        set_type(hub, row.code, "")

    write_types(hub)

    assert [type_of(hub, code) for code in ("tee", "tee-S", "tee-M")] == ["parent", "variant", "variant"]


def test_what_could_be_linked_if_it_had_a_type_gets_one_and_a_stranger_none():
    hub = hub_with("", is_linked=False)
    hub.store.shelf.by_key["lamp"] = a_store_product(99, "lamp")

    write_types(hub)

    assert (type_of(hub, "m1"), type_of(hub, "lamp")) == ("simple", "")


def test_only_what_was_chosen_is_written():
    hub = hub_with("", "")

    write_types(hub, Selection.of([hub.listings.of("m2").id]))

    assert (type_of(hub, "m1"), type_of(hub, "m2")) == ("", "simple")


def test_a_product_that_somebody_has_typed_or_made_anew_meanwhile_is_left_alone():
    hub = hub_with("", "")

    class Late(ProductTypes):
        def prepare(self, ports):
            super().prepare(ports)
            set_type(hub, "m1", "variant")
            hub.store.shelf.by_key["m2"] = replace(hub.store.shelf.by_key["m2"], id=77)

    hub.drive(Late(hub.settings, EVERYTHING))

    assert (type_of(hub, "m1"), type_of(hub, "m2")) == ("variant", "")


@given(
    types=st.lists(st.sampled_from(["", " ", "simple", "parent", "nonsense"]), min_size=1, max_size=4),
    is_linked=st.booleans(), silent=st.sets(st.integers(1, 4)), is_dry=st.booleans(),
)  # fmt: skip
def test_no_type_that_is_there_is_ever_changed_and_each_outcome_is_what_the_store_has(types, is_linked, silent, is_dry):
    hub = hub_with(*types, is_linked=is_linked)
    hub.store.faults.silent |= {f"m{number}" for number in silent}

    run = write_types(hub, is_dry=is_dry)

    for number, before in enumerate(types, start=1):
        code, after = f"m{number}", type_of(hub, f"m{number}")
        if before.strip() or is_dry or number in silent:
            assert after == before
        else:
            assert after == "simple"
        if not is_dry:
            assert (code in run.outcomes) is not bool(before.strip())
            assert run.outcomes.get(code) in {None, Outcome.APPLIED if after == "simple" else Outcome.REJECTED}
    assert {row.status.pending for row in hub.listings.all.values()} == {Pending.NONE}
    assert (hub.store.writes == []) is (is_dry or all(kind.strip() for kind in types))
