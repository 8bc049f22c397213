"""The document itself: what is refused as a whole, what fails tag by tag, and that nothing breaks it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miva_sandbox import provisioning
from miva_sandbox.provisioning import ParseError, TooManyTopLevelTags, known_tags, registry
from miva_sandbox.state.store import Store

BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Product_Add>&b;</Product_Add>'
FILE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><Product_Add><Code>&f;</Code></Product_Add>'


@pytest.mark.parametrize(
    ("xml", "line"),
    [
        ("<a", 1),
        ("<a>\n<b></a>", 2),
        ("\n\n<a/>&nbsp;", 3),
        ('<?xml version="1.0"?><a/>', 1),
        (BOMB, 1),
        (FILE, 1),
        ("</Store></Provision><Provision><Store>", 1),
        ("<a>\n\0</a>", 2),
        ("<a>\x0b</a>", 1),
        ("<a>\ud800</a>", 1),
        ("<x:a/>", 1),
        ("<a b='1' b='2'/>", 1),
        ("<a>" * 5000 + "</a>" * 5000, 1),
    ],
)
def test_a_text_that_is_not_well_formed_runs_nothing_and_names_the_line(store, xml, line):
    with pytest.raises(ParseError) as caught:
        provisioning.run(store, "<Category_Add><Code>c</Code><Name>C</Name></Category_Add>" + xml)

    assert str(caught.value).startswith(f"Unable to parse XML: {line}: ")
    assert store.db.value("SELECT count(*) FROM categories") == 0


def test_a_text_that_opens_a_second_wrapper_is_refused(store):
    with pytest.raises(TooManyTopLevelTags):
        provisioning.run(store, "</Store><Store>")


def test_the_wrappers_of_a_whole_document_are_an_unknown_tag(messages):
    assert messages('<Provision><Store code="sandbox"><Product_Delete code="x"/></Store></Provision>') == [
        "Unknown tag"
    ]


def test_tags_run_in_order_and_stop_for_nothing(store):
    found = provisioning.run(
        store,
        "<Category_Add><Code>a</Code><Name>A</Name></Category_Add>\n"
        "<CATEGORY_add><code>A</code><NAME>A</NAME></CATEGORY_add>\n<Bogus/>\n"
        "<!-- nothing --><Category_Add><Code>b</Code><Name>B</Name></Category_Add>",
    )

    assert [(message.lineno, message.tag, message.message) for message in found] == [
        (2, "CATEGORY_add", "Category with the code 'A' already exists"),
        (3, "Bogus", "Unknown tag"),
    ]
    assert store.db.value("SELECT count(*) FROM categories") == 2


def test_the_stamp_of_a_message_is_the_stores_local_time(store, monkeypatch):
    monkeypatch.setattr("time.localtime", lambda seconds: __import__("time").gmtime(seconds))
    store.clock.freeze(1_767_225_600)

    [message] = provisioning.run(store, "<Bogus/>")

    assert message.dtstamp == "01/01/2026 00:00:00"


def test_a_tag_that_a_real_store_knows_is_not_called_unknown(messages):
    [complaint] = messages("<Coupon_Add/>")

    assert "not implemented" in complaint
    assert messages("<ProductImage_Update_Type/><Group_Add/>") == ["Unknown tag", "Unknown tag"]


def test_every_tag_that_is_implemented_is_one_that_a_real_store_knows():
    assert [name for name in registry.names() if not known_tags.is_known(name)] == []


def test_what_nobody_asked_for_is_reported_to_lint(accept, store):
    accept(
        "hello<Product_Add kind='x'><Code>a</Code><Name>A</Name><Wieght>1</Wieght>"
        "<Price currency='EUR'>1</Price></Product_Add>"
    )

    assert [(entry.kind, entry.detail) for entry in store.lint.entries()] == [
        ("stray text", "hello"),
        ("unknown attribute", "Product_Add/@kind"),
        ("unknown child element", "Product_Add/Wieght"),
        ("unknown attribute", "Price/@currency"),
    ]


def test_somebody_may_step_in_before_a_tag_and_what_was_done_stays_done(store):
    class Cut(Exception):
        pass

    def before_tag(name):
        if name == "Bogus":
            raise Cut

    with pytest.raises(Cut):
        provisioning.run(
            store, "<Category_Add><Code>a</Code><Name>A</Name></Category_Add><Bogus/>", before_tag=before_tag
        )

    assert store.db.value("SELECT count(*) FROM categories") == 1


NAMES = [*registry.names(), "code", "name", "product_code", "options", "parts", "part", "attribute_option", "price",
         "currentstock", "orderdate", "items", "product", "module", "productfield_value", "x"]  # fmt: skip
TEXTS = st.sampled_from(["", "a", "tee", "Yes", "1", "-1", "9" * 40, "1.5", "é", "graphics/a.png", "customfields", "%"])


ATTRIBUTES = ["code", "product_code", "filepath", "imagetype_code", "order_id", "attribute_code", "feature", "quantity"]


def element(inside):
    attribute = st.tuples(st.sampled_from(ATTRIBUTES), TEXTS)
    return st.builds(written, st.sampled_from(NAMES), st.lists(attribute, max_size=3).map(dict), inside)


def written(name, attributes, inside):
    listed = "".join(f' {key}="{text}"' for key, text in attributes.items())
    return f"<{name}{listed}>{inside}</{name}>"


@settings(max_examples=300, deadline=None)
@given(st.lists(st.recursive(TEXTS, lambda inside: element(st.lists(inside, max_size=4).map("".join))), max_size=5))
def test_no_document_of_known_names_breaks_the_store(fuzzed_store, tags):
    found = provisioning.run(fuzzed_store, "".join(tags))

    assert all(message.message for message in found)


@settings(max_examples=300, deadline=None)
@given(st.text() | st.text(alphabet="<>/&;!?[]=\"' \nabCDT-\0\ud800"))
def test_no_text_breaks_the_parser(fuzzed_store, text):
    try:
        found = provisioning.run(fuzzed_store, text)
    except (ParseError, TooManyTopLevelTags):
        return
    assert all(message.message for message in found)


@pytest.fixture(scope="module")
def fuzzed_store(tmp_path_factory):
    """One store for all examples: whatever one leaves behind, the next must bear."""
    made = Store(store_id=1, code="sandbox", files_root=tmp_path_factory.mktemp("files"))
    yield made
    made.close()
