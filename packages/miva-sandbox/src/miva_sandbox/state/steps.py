"""
Acts of several steps, at whose `yield`s others may see the store: an order that is there before its lines are.

Without a gap all steps are taken at once, as in a store that nobody looks at in that instant. With one, the act rests
at each `yield` that it comes to, and goes on from the agenda.
"""

from collections.abc import Callable, Generator

from miva_sandbox.state.agenda import Gap
from miva_sandbox.state.store import Store

Steps = Generator[None, None, None]


def run(
    store: Store, steps: Steps, gap: Callable[[], Gap | None], *, unheard: tuple[type[Exception], ...] = ()
) -> bool:
    """
    Take the steps; False says that the rest is on the agenda. `gap` is asked only if there is a second step.

    What a later step raises is nobody's to hear, as the answer is out: the kinds in `unheard` are passed over.
    """
    if not _step(steps):
        return True
    pause = gap()
    if pause is None:
        while _step(steps):
            pass
        return True
    _rest(store, steps, pause, unheard)
    return False


def _rest(store: Store, steps: Steps, pause: Gap, unheard: tuple[type[Exception], ...]) -> None:
    def go_on() -> None:
        with store.db.lock:
            try:
                goes_on = _step(steps)
            except unheard:
                return
        if goes_on:
            _rest(store, steps, pause, unheard)

    store.agenda.postpone(go_on, pause)


def _step(steps: Steps) -> bool:
    """Go to the next `yield`; False at the end."""
    try:
        next(steps)
    except StopIteration:
        return False
    return True
