"""Write the reference of what needs a person: .venv/bin/python docs/reference/write_attention.py"""

import re
from pathlib import Path

from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.attention_cures import ATTENTION_CURES

HEAD = """# What needs a person

Why a listing needs attention, written by `write_attention.py` from the table that the hub works by. A listing may have
several reasons, and none of them keeps anything else from being sent. `tradepost listings attention` counts them by
cause, `tradepost listings list --attention KIND` lists the listings, and `tradepost listings explain SKU` tells one of
them with the message, since when it holds and what to type. In the commands below, SKU stands for the listing's.

What concerns the whole channel is not noted on its listings: a right that the token lacks, credentials that are
refused, a run that the brake has stopped, a store that may be another one. `tradepost channel show NAME` says it, and
runs end with it. Categories are made where a path has none, so none is ever unmapped.

*By the store*: the message has the store's own words, where it gave any.

| kind | cause | what to do | it ends when | by the store |
|---|---|---|---|---|
"""
_COMMAND, _AS_CODE = re.compile("'(tradepost [^']+)'"), r"`\1`"


def text() -> str:
    rows = (
        f"| `{kind.value}` | {cure.cause} | {_COMMAND.sub(_AS_CODE, cure.cure)} | {cure.ends} "
        f"| {'yes' if cure.is_by_store else ''} |\n"
        for kind in Attention
        for cure in [ATTENTION_CURES[kind]]
    )
    return HEAD + "".join(rows)


if __name__ == "__main__":
    Path(__file__).with_name("attention.md").write_text(text(), encoding="utf-8")
