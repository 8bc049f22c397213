"""Write the reference of fields from the table of the hub: .venv/bin/python docs/reference/write_fields.py"""

from pathlib import Path

from tradepost.domain.fields import FIELDS, Verb
from tradepost.domain.listings.drift import USUAL_POLICIES

HEAD = """# Fields

What Tradepost sends to a store for each listing, written by `write_fields.py` from the table that the hub works by.

A blank value says nothing: it is never sent, and never erases what the store has. *Overwrite* sends the groups that
are named with `--group`, or all of them; *sync* sends its fields whenever they change. The last column is the policy of
the group when somebody changes it on the store, unless `channel set --drift GROUP=POLICY` says otherwise.

| field | group | sent by | made of | changed by others |
|---|---|---|---|---|
"""


def main() -> None:
    rows = (
        f"| `{name}` | `{field.group.value}` | {', '.join(verb.value for verb in Verb if verb in field.verbs)} "
        f"| {field.about} | {USUAL_POLICIES[field.group].value} |\n"
        for name, field in FIELDS.items()
    )
    Path(__file__).with_name("fields.md").write_text(HEAD + "".join(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
