"""What the hub's traffic leaves in the sandbox's lint log: what a real store would pass over in silence."""

from miva_sandbox.lint import Entry
from miva_sandbox.server import SandboxServer


def ignored_by(server: SandboxServer) -> list[Entry]:
    """
    Return what the store has silently ignored; nothing of a hub's traffic should be.

    But for what is asked in order to find out: a column shows whether the token has the right to see it, a custom
    field whether the store has it, and a shipment update without shipments whether the token may call the function.
    """
    return [
        entry
        for entry in server.domain.lint.entries()
        if entry.kind != "column without the right"
        and not (entry.kind == "unknown column" and entry.detail.startswith("CustomField_Values:"))
        and (entry.kind, entry.where) not in _ASKED_BY_THE_CHECK
    ]


_ASKED_BY_THE_CHECK = {("empty list", "OrderShipmentList_Update")}
