"""How many there are, as a person has counted them: typed on the page of a listing."""

from django.utils import timezone

from tradepost import wiring
from tradepost.database.models import Listing
from tradepost.domain.errors import NotAllowed
from tradepost.domain.stock.stock import MAX_STOCK
from tradepost.engine.chains import chain_decreases
from tradepost.operations.catalogue.catalogue_changes import carry_out, plan_count

_DIGITS = len(str(MAX_STOCK))


def state_count(listing: Listing, typed: str, *, who: str) -> str:
    """
    Take a count down for the article, on every channel; return what comes of it. Raises NotAllowed.

    What there is less of is lowered on stores at once, all else with the next sync.
    """
    if not (typed.isascii() and typed.isdigit() and len(typed) <= _DIGITS):
        raise NotAllowed(f"'{typed}' is no count; type a number from 0 to {MAX_STOCK:,}.")
    ports = wiring.catalogue.catalogue_change_ports(requested_by=who)
    number = int(typed)
    plan = plan_count(listing.sku, number, ports, by=who, at=timezone.now())
    carry_out(plan, ports)
    when = (
        "is being lowered on the store" if chain_decreases(requested_by=who) else "goes to the store with the next sync"
    )
    return f"{number:,} of {listing.sku} are there, as you have counted them; that {when}."
