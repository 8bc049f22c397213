"""`tradepost keys`: the keys that credentials are encrypted with."""

import typer

from tradepost.cli.arguments import JsonOption, shell_user
from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import counted, out, print_json, print_table, say

app = typer.Typer(no_args_is_help=True, help="Change the keys that credentials are encrypted with.")


@app.command("list")
def list_(*, as_json: JsonOption = False) -> None:
    """List the keys, the newest first, with how much is encrypted under each; a key itself is never shown."""
    from tradepost import wiring
    from tradepost.operations.keys import key_uses

    uses = key_uses(wiring.secrets.key_ports(requested_by=shell_user()))
    if as_json:
        print_json({"keys": [{"key": mark or None, "secrets": number} for mark, number in uses]})
        return
    print_table(("key", "secrets"), ((mark or "none fits", number) for mark, number in uses))


@app.command()
def rotate(*, as_json: JsonOption = False) -> Exit:
    """
    Make a new key, encrypt all credentials under it and forget the old ones.

    Stopped in between, it goes on when it is asked for again. Keys in TRADEPOST_ENCRYPTION_KEYS are changed there: put
    a new one first, rotate, and take the old ones out.
    """
    from tradepost import wiring
    from tradepost.operations.keys import rotate_keys

    done = rotate_keys(wiring.secrets.key_ports(requested_by=shell_user()))
    if as_json:
        print_json({"new_key": done.is_new, "renewed": done.renewed, "retired": done.retired})
        return Exit.DONE
    begun = "There is a new key" if done.is_new or not done.is_ours else "Went on with the rotation that was begun"
    say(f"{begun}; {counted(done.renewed, 'secret')} encrypted anew.")
    if done.is_ours:
        out.print("The old keys are forgotten. Back the file encryption.key up anew, apart from the database.")
    else:
        out.print("Take the old keys out of TRADEPOST_ENCRYPTION_KEYS now, and start what runs anew.")
    return Exit.DONE
