"""Write the reference of what channels can do: .venv/bin/python docs/reference/write_capabilities.py"""

from pathlib import Path

from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.miva.capabilities import MIVA

HEAD = f"""# What a channel can do

What a {MIVA.name} store can be asked for, written by `write_capabilities.py` from the table that commands go by: what
is not in it is refused before anything is queued, with the sentence that stands here.

| to | how | functions of the token |
|---|---|---|
"""


def text() -> str:
    can = "".join(
        f"| {ability.value} | {each.about} | {', '.join(f'`{name}`' for name in each.needs)} |\n"
        for ability, each in MIVA.table.items()
        if not each.why_not
    )
    cannot = "".join(
        f"- {ability.value.capitalize()}: {each.why_not}\n" for ability, each in MIVA.table.items() if each.why_not
    )
    limits = "".join(f"- {limit}\n" for limit in MIVA.limits)
    groups = ", ".join(f"`{group.value}`" for group in Group if group in CONTENT_GROUPS)
    return (
        f"{HEAD}{can}\nIt can't:\n\n{cannot}\n## Limits\n\n{limits}\n## Parts of a listing\n\n"
        f"`tradepost listings overwrite --group` takes {groups}; [Fields](fields.md) says what is in each. Without an\n"
        "image server `images` is refused, and `dimensions` where the channel does not send them.\n"
    )


if __name__ == "__main__":
    Path(__file__).with_name("capabilities.md").write_text(text(), encoding="utf-8")
