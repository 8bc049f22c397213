"""
A hub with a database of its own in the temp directory, and a channel on a sandbox; for the benchmarks of the hub.

Importing this sets Django up. Our own time is the wall time less what the sandbox's request log says that it took, and
our CPU time is this process's alone: the sandbox runs in another.
"""

import atexit
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_DATA = Path(tempfile.mkdtemp(prefix="hub-benchmark-"))
atexit.register(shutil.rmtree, _DATA, ignore_errors=True)
os.environ["TRADEPOST_DATA"] = str(_DATA)
os.environ["DJANGO_SETTINGS_MODULE"] = "tradepost.settings"
os.environ.setdefault("DATABASE_URL", f"sqlite:///{_DATA / 'hub.sqlite3'}")

import django  # noqa: E402 - reads the environment

django.setup()

from django.core.management import call_command  # noqa: E402 - needs the settings
from django.db import connection, transaction  # noqa: E402
from sandbox_process import SandboxProcess  # noqa: E402

from tradepost import wiring  # noqa: E402
from tradepost.cli.bootstrap import look_for_garbage_seldom  # noqa: E402
from tradepost.database.channels.channels import settings_of  # noqa: E402
from tradepost.database.listings.adoptions import DjangoAdoptions  # noqa: E402
from tradepost.database.listings.drifts import DjangoDrifts  # noqa: E402
from tradepost.database.listings.existence_notes import DjangoExistenceNotes  # noqa: E402
from tradepost.database.listings.intents import DjangoIntents  # noqa: E402
from tradepost.database.listings.listings import DjangoListings  # noqa: E402
from tradepost.database.listings.store_inventory import DjangoStoreInventory  # noqa: E402
from tradepost.database.models import Channel  # noqa: E402
from tradepost.database.orders.orders import DjangoOrders  # noqa: E402
from tradepost.database.runs.past_changes import DjangoPastChanges  # noqa: E402
from tradepost.database.stock.accounts import DjangoAccounts  # noqa: E402
from tradepost.domain.brake import Braking, Harm, Released  # noqa: E402
from tradepost.domain.plan import Plan, Result  # noqa: E402
from tradepost.images import ImageLibrary  # noqa: E402
from tradepost.miva.connect import StoreConnection, connect_store  # noqa: E402
from tradepost.miva.files.file_server import FileServerAddress  # noqa: E402
from tradepost.miva.files.image_folder import ImageFolder  # noqa: E402
from tradepost.miva.files.image_store import connect_images  # noqa: E402
from tradepost.miva.wire.transport import RequestSeen  # noqa: E402
from tradepost.operations.ports import Approval, FileProtocol, Needs, Ports  # noqa: E402
from tradepost.security.descriptions import AllowedMarkup  # noqa: E402

DATA = _DATA
# As the hub does when it starts.
look_for_garbage_seldom()


class CountingRun:
    """A run that counts its outcomes and keeps nothing, so that memory shows what the operation itself holds."""

    def __init__(self) -> None:
        self.id = 1
        self.is_dry = False
        self.released: Released = {}
        self.braked: frozenset[Harm] = frozenset()
        self.approval: Approval | None = None
        self.is_saved = False
        self.writes_from: datetime | None = None
        self.outcomes: Counter[str] = Counter()
        self._cursors: dict[str, int] = {}

    def wait_to_write(self) -> bool:
        return True

    def hold(self) -> None:
        pass

    def apply_brake(self, braking: Braking) -> None:
        raise AssertionError(braking.sentence)

    def transaction(self) -> AbstractContextManager[None]:
        return transaction.atomic()

    def cursor(self, name: str) -> int:
        return self._cursors.get(name, 0)

    def advance(self, name: str, cursor: int) -> None:
        self._cursors[name] = cursor

    def show(self, plan: Plan[Any], *, needs: Needs | None) -> None:
        pass

    def report(self, results: Sequence[Result]) -> None:
        self.outcomes.update(f"{result.change.action.value} {result.outcome.value}" for result in results)

    def progress(self, done: int, total: int | None, label: str) -> None:
        pass

    def is_cancelled(self) -> bool:
        return False


class Wire:
    """When requests to the store were under way, as the client saw them."""

    def __init__(self) -> None:
        self.times: list[tuple[float, float]] = []

    def __call__(self, seen: RequestSeen) -> None:
        now = time.perf_counter()
        self.times.append((now - seen.seconds, now))

    def seconds(self) -> float:
        """How long at least one request was under way."""
        total = until = 0.0
        for start, end in sorted(self.times):
            total += max(0.0, end - max(start, until))
            until = max(until, end)
        return total

    def in_sequence(self) -> int:
        """How many requests had to wait for one another: the longest chain of them."""
        count, until = 0, 0.0
        for start, end in sorted(self.times, key=lambda times: times[1]):
            if start >= until:
                count, until = count + 1, end
        return count


WIRE = Wire()


class Taken:
    """
    What a piece of work took: wall, our CPU, what the sandbox's log says of itself, and how long the wire was in use.
    """

    def __init__(self, *, wall: float, cpu: float, sandbox: float, requests: int) -> None:
        self.wall = wall
        self.cpu = cpu
        self.sandbox = sandbox
        self.requests = requests
        self.wire = WIRE.seconds()
        self.in_sequence = WIRE.in_sequence()


def measured(server: SandboxProcess, work: Callable[[], object]) -> Taken:
    server.forget()
    WIRE.times.clear()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    log = server.control("/requests", method="GET")
    return Taken(wall=wall, cpu=cpu, sandbox=log["total_seconds"], requests=len(log["requests"]))


def migrate() -> None:
    call_command("migrate", verbosity=0)


def new_channel(**settings: Any) -> Channel:
    return Channel.objects.create(name="Benchmark", is_local=True, **settings)


@contextmanager
def ports(server: SandboxProcess, channel: Channel) -> Iterator[Callable[[CountingRun], Ports]]:
    """Connect a channel to a sandbox with the token that has the eight functions; give what makes a run's ports."""
    facts = server.facts
    store = connect_store(
        StoreConnection(
            domain=facts["endpoint"],
            store_code=facts["store_code"],
            token=facts["hub_token"],
            signature_key=facts["hub_signature_key"],
            plain_http=True,
        ),
        observer=WIRE,
    )
    images = connect_images(
        FileServerAddress(
            host=facts["ftp_host"],
            port=facts["ftp_port"],
            user=facts["ftp_user"],
            password=facts["ftp_password"],
            protocol=FileProtocol.FTP,
        ),
        folder=ImageFolder(),
    )
    images.make_folder()
    try:
        yield lambda run: Ports(
            channel=settings_of(channel),
            store=store,
            image_store=images,
            source_images=ImageLibrary(DATA / "images", check_address=lambda _address: None),
            descriptions=AllowedMarkup(),
            listings=DjangoListings(channel.pk),
            adoptions=DjangoAdoptions(channel.pk),
            drifts=DjangoDrifts(channel.pk),
            intents=DjangoIntents(channel.pk, clock=_now, run_id=run.id),
            inventory=DjangoStoreInventory(channel.pk),
            existence=DjangoExistenceNotes(channel.pk),
            orders=DjangoOrders(channel.pk),
            accounts=DjangoAccounts(channel.pk, clock=_now, run_id=run.id),
            deliveries=wiring.deliveries_of(channel, clock=_now),
            fetches=wiring.fetches_of(channel),
            past=DjangoPastChanges(channel.pk),
            run=run,
            clock=_now,
        )
    finally:
        images.close()
        store.close()


def _now() -> datetime:
    return datetime.now(UTC)


# The products that the sandbox's seed invents, as published and proven listings of simple products.
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
_PRICE = "(100 + (i * 7919) % 10000) * 100"
_STATEMENTS = (
    """INSERT INTO tradepost_product (id, handle, title, description, brand, category, tags, option_names, page_title,
        is_for_sale, created_at, updated_at)
        {numbers} SELECT i, 'seed-' || i, 'Seeded product ' || i, '', '', '[]', '[]', '[]', '', TRUE, '{at}', '{at}'
        FROM n""",
    """INSERT INTO tradepost_variant (id, product_id, sku, options, position, price, quantity, source_quantity,
        stated_by, stated_at, barcode, mpn, taxable, sells_without_stock, sku_made_up, is_gone, is_priced)
        {numbers} SELECT i, i, 'SEED-' || i, '[]', 1, {price}, i % 50, i % 50, '', '{at}', '', '', TRUE, FALSE,
        FALSE, FALSE, TRUE FROM n""",
    """INSERT INTO tradepost_listing (id, channel_id, product_id, variant_id, kind, code, code_key, sku, health, link,
        pending, is_paused, is_orphaned, was_hidden, awaits_images, external_id, wanted_price, is_price_held,
        proven_price, available, account, missing, looked_at, proven_fingerprints, overwrite_groups, created_at,
        compared_at, is_touched, is_inactive, keeps_inactive, sells_without_stock, proven_without_stock)
        {numbers} SELECT i, {channel}, i, i, 'simple', 'SEED-' || i, 'seed-' || i, 'SEED-' || i, 'listed', 'linked',
        '', FALSE, FALSE, FALSE, FALSE, i, {price}, FALSE, {price}, i % 50, i % 50, 0, '{now}', '{{}}', '[]', '{at}',
        '{now}', FALSE, FALSE, FALSE, FALSE, FALSE FROM n""",
)


def fill(channel: Channel, count: int) -> None:
    """Make `count` listings that match the sandbox's first seeded products; nothing is due afterwards."""
    at = "2026-01-01 00:00:00" + ("+00" if connection.vendor == "postgresql" else "")
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            numbers = _NUMBERS.format(count=count)
            # As if every count had just been looked at, and everything compared.
            now = f"{_now():%Y-%m-%d %H:%M:%S}" + ("+00" if connection.vendor == "postgresql" else "")
            cursor.execute(statement.format(numbers=numbers, at=at, now=now, price=_PRICE, channel=channel.pk))
        cursor.execute("ANALYZE")
