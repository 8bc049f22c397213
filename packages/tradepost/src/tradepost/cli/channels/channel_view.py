"""What is shown of a channel: how it stands, its settings, what its store was found to lack, and what it may do."""

import shlex
from typing import TYPE_CHECKING, Any

from tradepost.cli.channels.channel_schedule import row_json, row_words
from tradepost.cli.orders.order_reconcile import proof_json, proof_lines
from tradepost.cli.output import counted, look_only_sentence, out, restored_sentence, say
from tradepost.domain.brake import Braking
from tradepost.domain.channels.image_pages import page_lines
from tradepost.domain.orders.shipment import UNSENT
from tradepost.domain.value_words import value_words
from tradepost.operations.channels.connection_check import Finding

if TYPE_CHECKING:
    from tradepost.database.models import Channel
    from tradepost.domain.stock.stock_remainder import Remainder

# What is told in sentences of its own.
_IN_SENTENCES = frozenset(
    {
        *("attention", "refusal", "connections", "remainder", "schedules", "unsent_shipments", "orders_compared"),
        *("refused_files", "image_pages", "checks", "checked_at", "to_switch", "restored", "standing"),
    }
)


def print_channel(channel: "Channel") -> None:
    facts = channel_json(channel)
    say(f"{facts['standing']['state']}: {facts['standing']['sentence']}")
    for key, value in facts.items():
        if key not in _IN_SENTENCES:
            say(f"{key.replace('_', ' ')}: {value_words(key, value, width=1000)}")
    unsent = ", ".join(f"{number} {state}" for state, number in facts["unsent_shipments"].items())
    say(f"shipments that the store is not told of: {unsent}")
    _print_attention(channel, facts)
    for line in proof_lines(facts["orders_compared"]):
        say(line)
    _print_schedules(channel)
    for connection in facts["connections"]:
        say(", ".join(f"{key}: {value}" for key, value in connection.items() if value))
    _print_check_list(channel)
    tell_to_switch(channel)
    _tell_of_images(channel, facts)


def _print_attention(channel: "Channel", facts: dict[str, Any]) -> None:
    if facts["refused_files"]:
        files = counted(facts["refused_files"], "file")
        say(
            f"attention: {files} of shipments had something that was refused; 'tradepost shipments files --refused' "
            "says what."
        )
    say(facts["remainder"]["sentence"])
    if facts["restored"]:
        say(f"attention: {restored_sentence(channel)}")
    elif facts["look_only"]:
        say(look_only_sentence(channel))
    if facts["refusal"]:
        say(f"attention: {facts['refusal']} {_refused(channel)}")
    for question in facts["attention"]:
        say(
            f"attention: the brake stopped {question['kind']} {question['run']}. {question['message']} "
            f"'tradepost runs release {question['run']}' lets it go on."
        )


def _print_schedules(channel: "Channel") -> None:
    from tradepost import wiring

    for row in wiring.channels.schedules().of(channel.pk):
        say(f"schedule {row.operation}: {row_words(row, channel)}")


def _print_check_list(channel: "Channel") -> None:
    """Print what the last look found, and what is to be done in the store's administration."""
    from tradepost import wiring

    if channel.checked_at is not None:
        out.print(f"last check, {channel.checked_at:%Y-%m-%d %H:%M} UTC:")
        for finding in (Finding(**row) for row in channel.findings):
            mark = ("ok" if finding.is_known else "not known") if finding.is_good else "to do"
            said = "; ".join(filter(None, (mark, finding.words)))
            say(f"  {finding.name}: {said}")
    settings = wiring.channels.profile_of(channel).settings
    out.print("pages of the store that show images:")
    for line in page_lines(settings.image_pages, settings.rules.image_type):
        say(f"  {line}".replace("CHANNEL", shlex.quote(channel.name)))


def _tell_of_images(channel: "Channel", facts: dict[str, Any]) -> None:
    from tradepost.database.models import ConnectionKind

    has_server = ConnectionKind.IMAGE_FTP in {connection["kind"] for connection in facts["connections"]}
    if facts["awaiting_images"] and not (has_server or facts["images_by_store"]):
        say(
            f"{facts['awaiting_images']} listings are on the store without their images, because this channel has no "
            f"image server. 'tradepost channel set {shlex.quote(channel.name)} --ftp-host HOST' names one, and "
            "'tradepost listings publish' then sends them."
        )


def tell_to_switch(channel: "Channel") -> None:
    """Say what of a channel's store stands in another layout than is wanted, and what brings it there."""
    from tradepost import wiring

    found = wiring.listings.to_switch(channel.pk)
    if found.due:
        what, them = ("product stands", "it") if found.due == 1 else ("products stand", "them")
        say(
            f"{found.due} {what} in another layout on the store. The next publish switches {them}; 'tradepost listings "
            f"publish --channel {shlex.quote(channel.name)} --dry-run' shows how."
        )
    if found.theirs:
        is_one = found.theirs == 1
        what = "product was" if is_one else "products were"
        stays = "it, and stays so" if is_one else "them, and stay so"
        say(
            f"{found.theirs} {what} linked as the merchant had made {stays}; 'tradepost listings overwrite SKU --group "
            "structure' switches one."
        )


def _refused(channel: "Channel") -> str:
    name = shlex.quote(channel.name)
    return (
        f"Until then schedules start nothing, and what is queued stays queued. 'tradepost channel check {name}' tries "
        f"again, and so does the first run in {channel.time_zone} after {channel.refused_until:%Y-%m-%d %H:%M} UTC."
    )


def print_findings(findings: list[Finding]) -> None:
    for finding in findings:
        well = "[green]ok[/green]    " if finding.is_known else "unseen"
        mark = well if finding.is_good else "[red]failed[/red]"
        out.print(f"{mark} {finding.name}", end="")
        say(f": {finding.words}" if finding.words else "")


def finding_json(finding: Finding) -> dict[str, Any]:
    return {"check": finding.name, "ok": finding.is_good, "known": finding.is_known, "message": finding.words}


# --- as JSON ---


def channel_json(channel: "Channel") -> dict[str, Any]:
    from tradepost import wiring
    from tradepost.database.models import ConnectionKind

    settings = wiring.channels.profile_of(channel).settings
    to_switch = wiring.listings.to_switch(channel.pk)
    return {
        "name": channel.name,
        "standing": _standing_json(channel),
        "paused": channel.is_paused,
        "look_only": channel.is_look_only,
        "restored": channel.restored_why or None,
        "store": channel.store_standing,
        "store_doubt": channel.store_doubt,
        "refusal": channel.refusal,
        "local": channel.is_local,
        "time_zone": channel.time_zone,
        "acknowledge": channel.acknowledge_mode,
        "acknowledge_field": channel.acknowledge_field,
        "acknowledge_value": channel.acknowledge_value,
        "acknowledge_queue": channel.acknowledge_queue,
        "shipments": channel.shipment_path,
        "look_back_days": channel.look_back_days,
        "payment_states": sorted(state.value for state in settings.payment_states),
        "payload_days": channel.payload_days,
        "personal_days": channel.personal_days,
        "batch_size": channel.batch_size,
        "requests_at_once": channel.requests_at_once,
        "order_statuses": sorted(status.value for status in settings.order_statuses),
        "layout": settings.rules.layout.value,
        "to_switch": {"due": to_switch.due, "theirs": to_switch.theirs},
        "requires_product_type": channel.requires_product_type,
        "link_by": channel.linking_priority,
        "delist_parent": channel.delist_parent_with_last_variant,
        "lowest_price": channel.lowest_price,
        "highest_price": channel.highest_price,
        "zero_prices": channel.allows_zero_prices,
        "sell_without_stock": channel.sells_without_stock,
        "images_by_store": channel.sends_images_itself,
        "image_pages": sorted(channel.image_pages),
        "list_new": channel.lists_new,
        "brake_percent": channel.brake_percent,
        "brake_at_least": channel.brake_at_least,
        "stock_mode": channel.stock_mode,
        "basket_hours": channel.basket_hours,
        "lost_answer_seconds": channel.lost_answer_seconds,
        "remainder": _remainder_json(wiring.channels.remainder_of(channel)),
        "attention": [
            {"run": run.pk, "kind": run.kind, "message": braking.sentence}
            for run in channel.runs.filter(needs_answer=True).order_by("pk")
            if (braking := Braking.from_json(run.brake)) is not None
        ],
        "address": settings.rules.sends_address,
        "dimensions": settings.rules.sends_dimensions,
        "clean_descriptions": settings.rules.cleans_descriptions,
        "type_field": settings.rules.type_field,
        "parent_field": settings.rules.parent_field,
        "barcode_field": settings.rules.barcode_field,
        "mpn_field": settings.rules.mpn_field,
        "image_type": settings.rules.image_type,
        "awaiting_images": channel.listings.filter(awaits_images=True).count(),
        "brand_field": settings.rules.brand_field,
        "msrp_field": settings.rules.msrp_field,
        "drift": {group.value: policy.value for group, policy in settings.drift_policies.items()},
        "mapping": dict(settings.rules.mapping),
        "carriers": channel.carrier_map,
        "orders_fetched_at": channel.orders_fetched_at,
        "unsent_shipments": {state.value: channel.shipments.filter(state=state.value).count() for state in UNSENT},
        "refused_files": channel.fetched_files.filter(is_open=True).count(),
        "orders_compared": proof_json(channel),
        "schedules": [row_json(row) for row in wiring.channels.schedules().of(channel.pk)],
        "checked_at": channel.checked_at,
        "checks": channel.findings,
        "connections": [
            {
                "kind": c.kind,
                "protocol": c.protocol,
                "host": c.host,
                "port": c.port,
                "folder": c.folder,
                "sub_folder": c.sub_folder,
                "store_code": c.store_code,
                "user": c.user,
                "digest": c.digest if c.kind == ConnectionKind.STORE_API.value else "",
                "fingerprint": c.fingerprint,
                "checked_at": c.tested_at,
                "check": c.test_result,
            }
            for c in channel.connections.order_by("pk")
        ],
    }


def _standing_json(channel: "Channel") -> dict[str, str]:
    from tradepost.engine.standings import facts_of, judged

    found = judged(channel, facts_of([channel])[channel.pk])
    return {"state": found.state.value, "standing": found.standing.value, "sentence": found.sentence}


def _remainder_json(remainder: "Remainder") -> dict[str, Any]:
    return {
        "sentence": remainder.sentence,
        "expected": remainder.expected,
        "worst": remainder.worst,
        "sync_seconds": remainder.sync_takes.total_seconds(),
        "others": [
            {
                "channel": other.name,
                "sold_in_a_week": other.sold,
                "get_orders_seconds": None if other.every is None else other.every.total_seconds(),
            }
            for other in remainder.others
        ],
    }
