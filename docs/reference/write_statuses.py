"""Write the reference of statuses: .venv/bin/python docs/reference/write_statuses.py"""

from pathlib import Path

from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.attention_cures import ATTENTION_CURES
from tradepost.domain.listings.operator_status import MEANINGS, OperatorStatus
from tradepost.web.listings.attention_places import PAGE_CURES

HEAD = """# Statuses and what helps

What the back office says of a listing, written by `write_statuses.py` from the tables that its pages work by. A listing
has one status: the first of these that is true of it.

| status | what it means |
|---|---|
"""
NEEDS = """
## What needs you

A listing may need somebody for several reasons; none of them keeps anything else from being sent. *Today* counts them
by cause, and the page of a listing has the message, with the store's own words where it gave any, and the buttons that
help. [What needs a person](attention.md) is the same for whoever types commands.

| on pages | because | what helps | it ends when |
|---|---|---|---|
"""
WORDS = """
## Other words of the pages

| word | what it means |
|---|---|
| should be | what catalogue, rules and people want of the store |
| on the store, checked 13:44 | what was read from the store then |
| sent, not re-read | the store said yes, and the token can't read the value back |
| activity | everything that was executed, with what came of it |
| preview | what would be done; nothing is changed by it |
"""


def text() -> str:
    statuses = "".join(f"| {status.value} | {MEANINGS[status]} |\n" for status in OperatorStatus)
    causes = "".join(
        f"| {cure.heading} | {cure.cause} | {PAGE_CURES[kind].words} | {cure.ends} |\n"
        for kind in Attention
        for cure in [ATTENTION_CURES[kind]]
    )
    return HEAD + statuses + NEEDS + causes + WORDS


if __name__ == "__main__":
    Path(__file__).with_name("statuses.md").write_text(text(), encoding="utf-8")
