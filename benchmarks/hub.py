"""
A hub with a database of its own in the temp directory, and a channel on a sandbox; for the benchmarks of the hub.

Importing this sets Django up. Our own time is the wall time less what the sandbox's request log says that it took, and
our CPU time is this process's alone: the sandbox runs in another.
"""

import atexit
import gc
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
from django.db.models import Model  # noqa: E402
from recording import forget_peak, peak_mb  # noqa: E402
from sandbox_process import SandboxProcess  # noqa: E402

from tradepost import wiring  # noqa: E402
from tradepost.cli.bootstrap import look_for_garbage_seldom  # noqa: E402
from tradepost.database import sql  # noqa: E402
from tradepost.database.channels.channels import settings_of  # noqa: E402
from tradepost.database.listings.adoptions import DjangoAdoptions  # noqa: E402
from tradepost.database.listings.drifts import DjangoDrifts  # noqa: E402
from tradepost.database.listings.existence_notes import DjangoExistenceNotes  # noqa: E402
from tradepost.database.listings.intents import DjangoIntents  # noqa: E402
from tradepost.database.listings.listings import DjangoListings  # noqa: E402
from tradepost.database.listings.store_inventory import DjangoStoreInventory  # noqa: E402
from tradepost.database.models import Channel, Listing, ProductRecord, VariantRecord  # noqa: E402
from tradepost.database.orders.orders import DjangoOrders  # noqa: E402
from tradepost.database.runs.past_changes import DjangoPastChanges  # noqa: E402
from tradepost.database.stock.accounts import DjangoAccounts  # noqa: E402
from tradepost.domain.brake import Braking, Harm, Released  # noqa: E402
from tradepost.domain.plan import Action, Outcome, Plan, Result, SubjectKind  # noqa: E402
from tradepost.images import ImageLibrary  # noqa: E402
from tradepost.miva.connect import StoreConnection, connect_store  # noqa: E402
from tradepost.miva.files.file_server import FileServerAddress  # noqa: E402
from tradepost.miva.files.image_folder import ImageFolder  # noqa: E402
from tradepost.miva.files.image_store import connect_images  # noqa: E402
from tradepost.miva.wire.transport import RequestSeen  # noqa: E402
from tradepost.operations.ports import Approval, FileProtocol, Needs, Ports, Store  # noqa: E402
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

    def count(self, kind: SubjectKind, action: Action, outcome: Outcome, *, number: int) -> None:
        pass

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
    What a piece of work took: wall, our CPU, the most memory that we used meanwhile, what the sandbox's log says of
    itself, and how long the wire was in use.
    """

    def __init__(self, *, wall: float, cpu: float, sandbox: float, requests: int) -> None:
        self.peak_mb = peak_mb(os.getpid())
        self.wall = wall
        self.cpu = cpu
        self.sandbox = sandbox
        self.requests = requests
        self.wire = WIRE.seconds()
        self.in_sequence = WIRE.in_sequence()


def measured(server: SandboxProcess, work: Callable[[], object]) -> Taken:
    server.forget()
    WIRE.times.clear()
    # What was used before is given back, as far as it goes.
    gc.collect()
    forget_peak(os.getpid())
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
            deliveries=wiring.orders.deliveries_of(channel, clock=_now),
            fetches=wiring.orders.fetches_of(channel),
            past=DjangoPastChanges(channel_id=channel.pk),
            run=run,
            clock=_now,
        )
    finally:
        images.close()
        store.close()


def _now() -> datetime:
    return datetime.now(UTC)


# The products that the sandbox's seed invents, as published and proven listings of simple products.
_NUMBERS = (
    "WITH RECURSIVE n(i) AS (SELECT CAST({first} AS BIGINT) UNION ALL SELECT i + {every} FROM n WHERE i < {last})"
)
_PRICE = "(100 + (i * 7919) % 10000) * 100"
# Of each table what matters here; the rest is as a new row has it.
_TABLES: tuple[tuple[type[Model], dict[str, str]], ...] = (
    (
        ProductRecord,
        {
            "id": "i",
            "handle": "'seed-' || i",
            "title": "'Seeded product ' || i",
            "created_at": "{at}",
            "updated_at": "{at}",
        },
    ),
    (
        VariantRecord,
        {
            "id": "i",
            "product_id": "i",
            "sku": "'SEED-' || i",
            "position": "1",
            "price": _PRICE,
            "quantity": "i % 50",
            "source_quantity": "i % 50",
            "stated_at": "{at}",
        },
    ),
    (
        Listing,
        {
            "id": "i",
            "channel_id": "{channel}",
            "product_id": "i",
            "variant_id": "i",
            "kind": "'simple'",
            "code": "'SEED-' || i",
            "code_key": "'seed-' || i",
            "sku": "'SEED-' || i",
            "health": "'listed'",
            "link": "'linked'",
            "external_id": "i",
            "wanted_price": _PRICE,
            "proven_price": _PRICE,
            "available": "i % 50",
            "account": "i % 50",
            # As if every count had just been looked at, and everything compared.
            "looked_at": "{now}",
            "compared_at": "{now}",
            "created_at": "{at}",
        },
    ),
)


def fill(channel: Channel, count: int, *, every: int = 1) -> None:
    """Make `count` listings that match every so-manieth seeded product of the sandbox; nothing is due afterwards."""
    at, now = _literal(datetime(2026, 1, 1, tzinfo=UTC)), _literal(_now())
    for model, columns in _TABLES:
        given = {name: value.format(channel=channel.pk, at=at, now=now) for name, value in columns.items()}
        insert_numbered(model, given, last=count * every, every=every)
    analyse()


def insert_numbered(model: type[Model], given: dict[str, str], *, last: int, first: int = 0, every: int = 1) -> None:
    """Make a row of every so-manieth number `i` behind the first, up to the last, from expressions by column."""
    options = model._meta  # noqa: SLF001 (Django documents it as public)
    rest = {
        field.column: field.get_db_prep_save(field.get_default(), connection)
        for field in options.concrete_fields
        if field.column not in given and not field.null
    }
    numbers = _NUMBERS.format(first=first + every, every=every, last=last)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {options.db_table} ({', '.join([*given, *rest])}) "
            f"{numbers.replace('%', '%%')} SELECT {', '.join(given.values()).replace('%', '%%')}"
            f"{', %s' * len(rest)} FROM n",
            list(rest.values()),
        )


def analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def note_when_made(store: Store) -> None:
    """As a link has noted it: a product is its id together with the time when it was made."""
    for page in store.iterate_existing():
        sql.update(
            Listing, [{"external_id": row.id, "external_created": row.created} for row in page], key="external_id"
        )


def _literal(at: datetime) -> str:
    return f"'{at:%Y-%m-%d %H:%M:%S}{'+00' if connection.vendor == 'postgresql' else ''}'"
