"""`tradepost audit`: who did what, from where and when."""

from typing import Annotated

import typer

from tradepost.cli.arguments import JsonOption
from tradepost.cli.output import print_json, print_table
from tradepost.domain.people.audit import AuditEvent

app = typer.Typer(no_args_is_help=True, help="See who did what, from where and when.")


@app.command("list")
def list_(
    *,
    who: Annotated[str, typer.Option(help="Only what was done by this name, for example 'shell: root'.")] = "",
    event: Annotated[AuditEvent | None, typer.Option(help="Only this kind.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many lines, the newest first.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """List the audit trail, newest first: logins, and what people have changed or asked for."""
    from tradepost.database.models import AuditEntry

    found = AuditEntry.objects.order_by("-pk")
    if who:
        found = found.filter(who=who)
    if event:
        found = found.filter(event=event.value)
    rows = list(found[:limit])
    if as_json:
        print_json(
            {
                "entries": [
                    {
                        "at": row.at,
                        "event": row.event,
                        "who": row.who,
                        "from": row.whence,
                        "subject": row.subject,
                        "what": row.words,
                        "run": row.run_id,
                    }
                    for row in rows
                ]
            }
        )
        return
    print_table(
        ("at", "who", "event", "subject", "what", "from"),
        (
            (f"{row.at:%Y-%m-%d %H:%M:%S}", row.who, row.event.replace("_", " "), row.subject, row.words, row.whence)
            for row in rows
        ),
        empty="Nothing yet.",
    )
