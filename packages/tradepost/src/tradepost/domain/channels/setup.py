"""
The steps by which a person sets a channel up, in their order.

The channel is there from the first step on, and looks only and is paused until the last, so that it can be left at any
step and taken up again.
"""

from enum import StrEnum


class SetupStep(StrEnum):
    CONNECTION = "connection"
    TEST = "test"
    IMAGES = "images"
    PAGES = "pages"
    SCHEDULES = "schedules"
    REVIEW = "review"


STEPS = tuple(SetupStep)


def step_after(step: SetupStep) -> SetupStep:
    """Return the step that follows; nothing follows the last."""
    return STEPS[min(STEPS.index(step) + 1, len(STEPS) - 1)]


def is_later(step: SetupStep, than: SetupStep) -> bool:
    return STEPS.index(step) > STEPS.index(than)
