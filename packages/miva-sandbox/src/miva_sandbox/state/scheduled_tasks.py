"""
What a store does by itself once a day, at midnight (UTC): the task "Delete Expired Shopping Baskets".

As in a real store it takes a visit to set it off: whoever comes first after midnight runs what is due.
"""

from collections.abc import Callable, Mapping

from miva_sandbox.state import baskets
from miva_sandbox.state.store import Store

_SECONDS_PER_DAY = 86400

TASKS: Mapping[str, Callable[[Store], int]] = {"Delete Expired Shopping Baskets": baskets.delete_expired}


def run(store: Store, name: str) -> int:
    """Run a task now, whether it is due or not, and return how many records it deleted."""
    with store.db.lock:
        return TASKS[name](store)


def run_due(store: Store) -> None:
    """Run all tasks if a midnight has passed since somebody last looked."""
    now, before = store.clock.now(), store.tasks_looked_at
    store.tasks_looked_at = now
    # A clock that was set back has no midnight behind it.
    if now // _SECONDS_PER_DAY > before // _SECONDS_PER_DAY:
        for name in TASKS:
            run(store, name)
