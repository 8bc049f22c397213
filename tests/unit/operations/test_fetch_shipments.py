"""Fetching shipments: files are judged one by one, taken once, and put away when a second look finds them the same."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.fetches import MemoryPlace
from fakes.hub import MemoryHub
from tradepost.domain.errors import StorageRefused, StoreUnavailable
from tradepost.domain.files.fetched_file import (
    LONGEST_FILE_NAME,
    SHIPMENT_ENDINGS,
    has_ended,
    is_meant,
    name_problem,
    put_away_name,
)
from tradepost.domain.plan import Outcome
from tradepost.operations.orders.fetch_shipments import FetchShipments
from tradepost.operations.ports import FileContent

EMPTY = b"order,tracking\n"


@pytest.fixture
def hub() -> MemoryHub:
    return hub_with_places()


def hub_with_places() -> MemoryHub:
    hub = MemoryHub()
    hub.shipment_sources.places = {"dock": MemoryPlace(), "erp": MemoryPlace()}
    return hub


def offer(hub: MemoryHub, name: str, content: bytes = EMPTY, *, source: str = "dock", is_whole: bool = True) -> None:
    hub.shipment_sources.places[source].files[name] = FileContent(content, is_whole=is_whole)


def said(run) -> list[tuple[str, Outcome]]:
    return [(result.change.subject.key, result.outcome) for result in run.results]


def test_a_file_is_taken_by_one_run_and_put_away_by_the_next(hub):
    offer(hub, "a.csv")

    runs = [hub.drive(FetchShipments()) for _ in range(3)]

    assert [[result.change.action for result in run.results] for run in runs] == [["import"], ["update"], []]
    assert hub.shipment_sources.places["dock"].away == {f"done/a-{sha256(EMPTY).hexdigest()[:12]}.csv": EMPTY}
    assert len(hub.shipment_sources.taken) == 1


def test_what_stays_where_it_is_is_taken_once_and_then_nothing_is_done(hub):
    hub.shipment_sources.places["dock"].puts_away = False
    offer(hub, "a.csv")

    runs = [hub.drive(FetchShipments()) for _ in range(2)]

    assert [len(run.results) for run in runs] == [1, 0]


def test_a_preview_takes_and_remembers_nothing(hub):
    offer(hub, "a.csv")
    offer(hub, "b.csv", b"order,tracking")

    run = hub.drive(FetchShipments(), is_dry=True)

    assert [change.subject.key for change in run.changes] == ["dock/a.csv"]
    assert hub.shipment_sources.remembered == {}


def test_what_is_wrong_with_a_source_or_a_file_keeps_no_other_from_coming_in(hub):
    places = hub.shipment_sources.places
    places["away"] = MemoryPlace(failure=StoreUnavailable("It does not answer."))
    places["full"] = MemoryPlace(failure=StorageRefused("It is no folder.", path="x"))
    offer(hub, "in/../a.csv")
    offer(hub, "b.csv", b"no shipments\n")
    offer(hub, "c.csv", source="erp")
    offer(hub, "d.csv", source="erp", is_whole=False)

    run = hub.drive(FetchShipments())

    assert said(run) == [
        ("dock/b.csv", Outcome.FAILED),
        ("dock/in/../a.csv", Outcome.FAILED),
        ("erp/c.csv", Outcome.APPLIED),
        ("erp/d.csv", Outcome.SKIPPED),
        ("away", Outcome.FAILED),
        ("full", Outcome.FAILED),
    ]
    assert dict(run.bad())["away"] == "It does not answer. The next fetch tries it again."
    assert [taken.id.name for taken in hub.shipment_sources.taken] == ["b.csv", "c.csv"]


@given(st.dictionaries(
    st.sampled_from(["a.csv", "b.csv", "c.csv", "d.csv.part"]),
    st.tuples(st.sampled_from([EMPTY, EMPTY.rstrip(), b"no shipments\n", b""]), st.booleans()),
))  # fmt: skip
def test_of_many_files_each_whole_one_is_taken_once_and_found_in_the_folder_that_says_how_it_went(files):
    hub = hub_with_places()
    for name, (content, is_whole) in files.items():
        offer(hub, name, content, is_whole=is_whole)

    for _ in range(4):
        hub.drive(FetchShipments())

    place = hub.shipment_sources.places["dock"]
    whole = {
        name: content
        for name, (content, is_whole) in files.items()
        if is_whole and is_meant(name, endings=SHIPMENT_ENDINGS)
    }
    assert sorted(taken.id.name for taken in hub.shipment_sources.taken) == sorted(whole)
    assert set(place.files) == set(files) - set(whole), "what is not whole, or not meant, stays where it is"
    away = {
        f"{'done' if content.startswith(b'order') else 'refused'}/"
        f"{put_away_name(name, checksum=sha256(content).hexdigest())}": content
        for name, content in whole.items()
    }
    assert place.away == away
    assert hub.drive(FetchShipments()).outcomes.keys() <= {f"dock/{name}" for name in place.files}


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("a.csv", True), ("A.CSV", True), (".a.csv", False), ("a.csv.part", False), ("a.tmp", False), ("csv", False)],
)
def test_files_that_are_being_written_under_another_name_are_left(name, is_one):
    assert is_meant(name, endings=SHIPMENT_ENDINGS) is is_one


@pytest.mark.parametrize("name", ["a/b.csv", "..\\a.csv", "a\n.csv", "\udcff.csv", "x" * LONGEST_FILE_NAME + ".csv"])
def test_names_that_lead_elsewhere_are_refused_in_words_that_can_be_printed(name):
    problem = name_problem(name)

    assert problem.encode().isascii()
    assert "It was left alone; rename it." in problem


def test_any_other_name_is_one_to_take_up_to_the_longest():
    names = ("a.csv", "Lieferung März (2).csv", "x" * (LONGEST_FILE_NAME - 4) + ".csv")

    assert [name_problem(name) for name in names] == ["", "", ""]


def test_the_last_line_has_an_end_where_any_system_ends_lines():
    assert [has_ended(content) for content in (b"a\n", b"a\r\n", b"a\r", b"a", b"")] == [True, True, True, False, False]


def test_a_file_that_is_put_away_keeps_its_name_and_gets_its_contents_hash():
    assert put_away_name("a.b.csv", checksum="0123456789abcdef") == "a.b-0123456789ab.csv"
