"""A store is connected on pages, step by step: left and taken up again, tested, mended, and changed later."""

from html import unescape
from http import HTTPStatus

import pytest
from django.urls import reverse
from lxml import html

from people import browser_of
from tradepost.cli.hub.demo.shopper import Purchase, buy
from tradepost.database.models import Channel, Connection, Listing, Order, Run, RunChange
from tradepost.domain.channels.image_pages import ImagePage
from tradepost.domain.plan import RunState
from tradepost.engine.runs import run_now
from tradepost.miva.wire.functions import THE_EIGHT

BEGIN = "admin:tradepost_channel_add"


@pytest.fixture
def alice(shell):
    """An owner, on the shell's own data folder."""
    return browser_of("alice")


def words_of(answer) -> str:
    return " ".join(unescape(answer.content.decode()).split())


def told_by(answer) -> str:
    """What stands on a page, as somebody reads it."""
    return " ".join(html.fromstring(answer.content.decode()).get_element_by_id("main").text_content().split())


def step_of(channel, step: str) -> str:
    return reverse("admin:tradepost_channel_setup", args=[channel.pk, step])


def products_on(store) -> int:
    return store.store.db.value("SELECT count(*) FROM products")


def store_form(box, **changed) -> dict[str, object]:
    return {
        "domain": box.endpoint.removesuffix("/mm5/json.mvc"),
        "folder": "mm5",
        "store_code": box.store_code,
        "token": box.hub_token,
        "signature_key": box.hub_signature_key,
        "plain_http": "on",
        "is_local": "on",
        **changed,
    }


def images_form(box, **changed) -> dict[str, object]:
    return {
        "way": "server",
        "host": box.ftp_host,
        "port": box.ftp_port,
        "user": box.ftp_user,
        "password": box.ftp_password,
        "protocol": "ftp",
        "directory": "/htdocs/mm5/graphics",
        "folder": "is-images",
        "make_folder": "on",
        **changed,
    }


def usual_operations(client, channel) -> dict[str, object]:
    """What the form of operations holds when it is opened."""
    form = client.get(step_of(channel, "schedules")).context["form"]
    return {name: value for name in form.fields if (value := form[name].value()) not in (None, False)}


def begun(client, name="shop") -> Channel:
    answer = client.post(reverse(BEGIN), {"type": "miva", "name": name})
    channel = Channel.objects.get(name=name)
    assert answer["Location"] == step_of(channel, "connection"), answer
    return channel


def connected_on_pages(client, box, name="shop") -> Channel:
    channel = begun(client, name)
    assert client.post(step_of(channel, "connection"), store_form(box))["Location"] == step_of(channel, "test")
    return channel


def test_a_store_is_connected_step_by_step_and_goes_live(alice, store, box, shell, sample):
    """R36, R1-R6: type, connection, test, images, the store's pages, operations, review; and then it works."""
    channel = connected_on_pages(alice, box)
    channel.refresh_from_db()
    assert (channel.is_paused, channel.is_look_only, channel.setup_step) == (True, True, "test")
    kept = Connection.objects.get(channel=channel)
    assert (kept.folder, kept.store_code) == ("/mm5/", box.store_code)

    tested = words_of(alice.post(step_of(channel, "test"), {"do": "test"}, follow=True))
    assert "Everything that could be seen is well." in tested
    assert "8 of the functions that Tradepost calls are granted" in tested
    alice.post(step_of(channel, "test"), {"do": "next"})

    alice.post(step_of(channel, "images"), images_form(box, do="test"))
    images = words_of(alice.get(step_of(channel, "images")))
    assert "The folder was made" in images
    assert "A file was seen at" in images
    assert alice.post(step_of(channel, "images"), images_form(box, do="next"))["Location"] == step_of(channel, "pages")
    alice.post(step_of(channel, "pages"), {"pages": ["SRCH", "CTGY"]})
    operations = usual_operations(alice, channel) | {"every_get_orders": "10m", "acknowledge_mode": "note"}
    assert alice.post(step_of(channel, "schedules"), operations)["Location"] == step_of(channel, "review")
    review = words_of(alice.get(step_of(channel, "review")))
    assert "Fetch new orders: every 10 minutes" in review
    assert "4 of 6 to do" in review

    answer = alice.post(step_of(channel, "review"), {"do": "go_live"})

    assert answer["Location"] == reverse("admin:first_steps")
    channel.refresh_from_db()
    assert (channel.is_paused, channel.is_look_only, channel.setup_step) == (False, False, "")
    assert shell("catalogue", "import", sample).code == 0
    assert shell("listings", "publish", "HP-MUG-WHITE", "--now").code == 0
    number = buy(box.storefront, store_code=box.store_code, purchases=[Purchase("HP-MUG-WHITE", (), 1)], name="Ada L")
    assert shell("orders", "get").code == 0
    assert Order.objects.get().external_id == number


def test_the_wizard_is_left_and_taken_up_by_somebody_else(alice, store, box):
    """R36: what a step was given is kept in the channel, so that it can be left at any."""
    channel = connected_on_pages(alice, box)
    alice.post(step_of(channel, "test"), {"do": "test"})
    alice.post(step_of(channel, "test"), {"do": "next"})
    alice.logout()

    again = browser_of("alice")
    offered = words_of(again.get(reverse(BEGIN)))
    back = words_of(again.get(step_of(channel, "connection")))

    assert "go on with shop" in offered
    assert step_of(channel, "images") in again.get(reverse(BEGIN)).content.decode()
    assert 'value="/mm5/"' in back
    # Going back forgets no step that was reached.
    again.post(step_of(channel, "connection"), store_form(box, token="", signature_key=""))
    channel.refresh_from_db()
    assert channel.setup_step == "images"


def test_a_secret_is_in_no_page_no_session_and_no_history(alice, store, box):
    """R3: written, and never shown again; and a form that is refused does not give it back."""
    channel = begun(alice)
    refused = alice.post(step_of(channel, "connection"), store_form(box, domain="no such domain!"))
    connected = alice.post(step_of(channel, "connection"), store_form(box))
    pages = [refused, connected, *(alice.get(step_of(channel, step)) for step in ("connection", "test", "images"))]
    pages.append(alice.get(reverse("admin:tradepost_channel_change", args=[channel.pk])))

    shown = "".join(answer.content.decode() for answer in pages)
    kept = repr(dict(alice.session)) + repr(list(RunChange.objects.values())) + repr(list(Connection.objects.values()))

    assert "no such domain!" in shown
    for secret in (box.hub_token, box.hub_signature_key):
        assert secret not in shown
        assert secret not in kept


def test_what_is_missing_is_named_with_the_place_where_it_is_mended(alice, store, box):
    """R7, R8: the wizard lists the functions to copy, and the test says which of them the token lacks, and where."""
    channel = begun(alice)
    connection = alice.get(step_of(channel, "connection")).content.decode()
    positions = [connection.index(name) for name in THE_EIGHT]
    assert positions == sorted(positions)
    assert "Settings &gt; User Management &gt; API Tokens" in connection
    assert "Require Timestamp" in connection
    store.domain.db.execute(
        "DELETE FROM token_functions WHERE token_id = ? AND function = 'Product_Delete'", (store.hub.id,)
    )

    alice.post(step_of(channel, "connection"), store_form(box))
    tested = words_of(alice.post(step_of(channel, "test"), {"do": "test"}, follow=True))
    refused = words_of(alice.post(step_of(channel, "review"), {"do": "go_live"}, follow=True))

    assert "1 to be mended." in tested
    assert "function Product_Delete" in tested
    assert tested.count("Settings > User Management > API Tokens") == 1
    assert "Something is to be mended before it goes live" in refused
    channel.refresh_from_db()
    assert (channel.is_paused, channel.is_look_only, channel.setup_step) == (True, True, "test")


def test_what_is_found_names_fields_of_pages_and_no_commands(alice, store, box):
    channel = connected_on_pages(alice, box)
    alice.post(step_of(channel, "images"), images_form(box, directory="/htdocs/elsewhere", do="test"))

    shown = told_by(alice.get(step_of(channel, "images"))) + told_by(alice.get(step_of(channel, "test")))

    assert "“Graphics folder”: /htdocs/mm5/graphics" in shown
    assert "'tradepost " not in shown
    assert "--" not in shown


def test_what_a_test_could_not_see_is_not_said_to_be_well(alice, store, box):
    """An empty store shows no count and no column; whoever reads "well" there relies on what nobody has looked at."""
    channel = connected_on_pages(alice, box)

    answer = alice.post(step_of(channel, "test"), {"do": "test"}, follow=True)

    found = {each.name: (each.is_good, each.is_known) for each in answer.context["findings"].store}
    assert found["store: address and credentials"] == (True, True)
    assert found["store: stock"] == found["store: moves of stock"] == found["store: columns"] == (True, False)
    assert "Store: stock not known yet" in told_by(answer)


@pytest.mark.parametrize(
    ("step", "field", "typed"),
    [
        ("connection", "folder", "/shop?x/"),
        ("connection", "domain", "my shop.example.com"),
        ("images", "folder", "/a/b/"),
        ("images", "directory", "/htdocs/../mm5"),
        ("images", "host", "ftp.example.com:x"),
    ],
)
@pytest.mark.usefixtures("store")
def test_a_part_of_an_address_that_can_not_be_is_refused_at_its_own_field(alice, box, step, field, typed):
    channel = connected_on_pages(alice, box)
    form = {"connection": store_form, "images": images_form}[step](box, **{field: typed})

    answer = alice.post(step_of(channel, step), form)

    assert list(answer.context["form"].errors) == [field]
    assert answer.context["form"].is_open_beneath or field != "domain", "where what would allow it is ticked"
    assert answer.context["form"][field].value() == typed


def test_an_image_server_may_be_typed_as_the_hosters_mail_has_it(alice, store, box):
    channel = connected_on_pages(alice, box)
    typed = images_form(box, host=f"ftp://{box.ftp_host}:{box.ftp_port}/htdocs", port="")

    answer = alice.post(step_of(channel, "images"), typed | {"do": "test"}, follow=True)

    assert all(each.is_good for each in answer.context["findings"].images), told_by(answer)
    assert (answer.context["form"]["host"].value(), answer.context["form"]["port"].value()) == (
        box.ftp_host,
        box.ftp_port,
    )


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("25:00", "'25:00' is no time of the day; write it as 03:00"),
        ("", "No time is typed; write it as 03:00"),
    ],
)
def test_a_time_of_the_day_that_is_none_is_told_how_one_is_written(alice, store, box, typed, told):
    channel = connected_on_pages(alice, box)
    form = usual_operations(alice, channel) | {"every_sync": "cron", "cron_sync": typed}

    answer = alice.post(step_of(channel, "schedules"), form)

    assert told in words_of(answer)


def test_the_last_step_in_a_second_tab_says_that_it_was_done_in_the_first(alice, store, box):
    channel = connected_on_pages(alice, box)
    alice.post(step_of(channel, "review"), {"do": "look_only"})

    told = told_by(alice.post(step_of(channel, "review"), {"do": "go_live"}, follow=True))

    assert "shop is set up already, so nothing was done" in told
    assert Channel.objects.get().is_look_only


def test_images_go_without_a_server_where_the_store_takes_them(alice, store, box):
    """R21: without FTP."""
    channel = connected_on_pages(alice, box)

    answer = alice.post(step_of(channel, "images"), {"way": "store", "do": "next"})

    assert answer["Location"] == step_of(channel, "pages")
    channel.refresh_from_db()
    assert channel.sends_images_itself
    assert "by the store itself" in words_of(alice.get(step_of(channel, "review")))


def test_a_second_channel_uses_the_connection_of_the_first_again(alice, store, box):
    """R36: an existing connection is reused, and its secrets go from row to row without being shown."""
    connected_on_pages(alice, box)
    second = begun(alice, "outlet")
    first = Channel.objects.get(name="shop")

    same = alice.post(step_of(second, "connection"), {"reuse": str(first.pk), "store_code": box.store_code})
    answer = alice.post(step_of(second, "connection"), {"reuse": str(first.pk), "store_code": "outlet"})

    assert "This store is connected already, as 'shop'" in words_of(same)
    assert "“Settings”, “Channels” changes that channel." in words_of(same)
    assert answer["Location"] == step_of(second, "test")
    made, kept = (each.connections.get(kind="store_api") for each in (second, first))
    assert (made.store_code, bytes(made.secrets)) != (kept.store_code, b"")
    alice.post(step_of(second, "connection"), {"reuse": str(first.pk), "store_code": "outlet"})
    found = words_of(alice.post(step_of(second, "test"), {"do": "test"}, follow=True))
    assert "Everything that could be seen is well." not in found


def test_a_channel_that_only_looks_writes_nothing_and_goes_live_later(alice, store, box, shell, sample):
    channel = connected_on_pages(alice, box)
    alice.post(step_of(channel, "review"), {"do": "look_only"})
    assert shell("catalogue", "import", sample).code == 0
    before = products_on(store)
    shell("listings", "publish")
    looked = products_on(store)

    asked = words_of(alice.get(reverse("admin:tradepost_channel_go_live", args=[channel.pk])))
    alice.post(reverse("admin:tradepost_channel_go_live", args=[channel.pk]))
    assert shell("listings", "publish", "HP-MUG-WHITE", "--now").code == 0

    assert "to publish" in asked
    assert "Publishing is not scheduled" in asked
    assert looked == before
    assert products_on(store) == before + 1


def test_every_part_is_changed_later_by_the_same_form_and_what_is_left_blank_stays(alice, connected, box):
    channel = Channel.objects.get()
    secrets = bytes(channel.connections.get(kind="store_api").secrets)

    alice.post(step_of(channel, "connection"), store_form(box, token="", signature_key="", folder="/mm5"))
    alice.post(step_of(channel, "pages"), {"pages": [page.value for page in ImagePage]})
    alice.post(
        step_of(channel, "schedules"),
        usual_operations(alice, channel)
        | {"every_publish": "cron", "cron_publish": "04:30", "time_zone": "Europe/Berlin", "stock_mode": "checkout"},
    )
    refused = words_of(
        alice.post(
            step_of(channel, "schedules"),
            usual_operations(alice, channel) | {"every_publish": "cron", "cron_publish": "half past four"},
        )
    )

    shown = words_of(alice.get(reverse("admin:tradepost_channel_change", args=[channel.pk])))
    assert "every day at 04:30" in shown
    assert "all six are done" in shown
    assert "half past four" in refused
    channel.refresh_from_db()
    assert (channel.time_zone, channel.stock_mode) == ("Europe/Berlin", "checkout")
    assert bytes(channel.connections.get(kind="store_api").secrets) == secrets
    assert connected("channel", "check").code == 0


def test_a_channel_is_paused_resumed_started_and_removed_on_its_page(alice, connected):
    channel = Channel.objects.get()
    address = reverse("admin:tradepost_channel_change", args=[channel.pk])

    paused = words_of(alice.post(address, {"do": "pause"}, follow=True))
    refused = words_of(alice.post(address, {"do": "start:sync"}, follow=True))
    resumed = words_of(alice.post(address, {"do": "resume"}, follow=True))
    alice.post(address, {"do": "start:get_orders"})
    run = Run.objects.get(kind="get_orders")
    run_now(run)
    kept = words_of(alice.post(address, {"do": "remove", "name": "not it"}, follow=True))
    removed = words_of(alice.post(address, {"do": "remove", "name": "shop"}, follow=True))

    run.refresh_from_db()
    assert "shop is paused" in paused
    assert "is paused, so nothing is executed on it" in refused
    assert "shop goes on" in resumed
    assert run.state == RunState.COMPLETED
    assert "Type the channel's name" in kept
    assert "shop is out of use" in removed
    assert alice.get(address).status_code == HTTPStatus.NOT_FOUND
    assert not Connection.objects.exclude(secrets=b"").exists()


def test_an_operator_tests_and_starts_but_sets_nothing_up(connected):
    """R55: credentials are an owner's."""
    channel = Channel.objects.get()
    bob = browser_of("bob")
    address = reverse("admin:tradepost_channel_change", args=[channel.pk])

    answers = {
        do: bob.post(address, {"do": do, "name": "shop"}).status_code
        for do in ("check", "start:get_orders", "preview:sync", "look_only", "remove", "start:deliver_orders")
    }

    assert answers == {
        "check": 302,
        "start:get_orders": 302,
        "preview:sync": 302,
        "look_only": 403,
        "remove": 403,
        "start:deliver_orders": 302,
    }
    assert bob.post(step_of(channel, "pages"), {"pages": ["SRCH"]}).status_code == HTTPStatus.FORBIDDEN
    assert Listing.objects.count() == 0
