"""How long a page of 250 orders with their lines takes, with 100,000 orders in the store."""

from recording import Record, median, timed
from sandbox_process import SignedCaller, sandbox

ORDERS = 100_000
COLUMNS = ["items", "charges", "ship_method", "cust_login", "payments", "customer", "CustomField_Values:*"]
ROUNDS = 21


def page(after: int) -> dict[str, object]:
    return {
        "Count": 250,
        "Sort": "id",
        "Filter": [
            {"name": "search", "value": [{"field": "id", "operator": "GT", "value": after}]},
            {"name": "ondemandcolumns", "value": COLUMNS},
        ],
    }


def main() -> None:
    record = Record(
        "sandbox_orders_page",
        note=f"Medians of {ROUNDS} pages over one connection, transfer included. Columns: {', '.join(COLUMNS)}.",
    )
    with sandbox() as server:
        server.control("/seed", products=1000, orders=ORDERS)
        caller = SignedCaller(server.facts)
        for name, after in (("first", 0), ("after_90_000", 90_000)):
            rows = caller.call("OrderList_Load_Query", **page(after))["data"]
            assert len(rows) == 250
            assert all(row["items"] for row in rows)
            server.forget()
            before = server.cpu_seconds()
            taken = timed(ROUNDS, lambda after=after: caller.send("OrderList_Load_Query", **page(after)))
            cpu = (server.cpu_seconds() - before) / ROUNDS
            log = server.control("/requests", method="GET")["requests"]
            record.add(
                **{
                    f"{name}_ms": 1000 * median(taken),
                    f"{name}_sandbox_ms": 1000 * median([one["seconds"] for one in log]),
                    f"{name}_sandbox_cpu_ms": 1000 * cpu,
                }
            )
        caller.close()
    record.write()


if __name__ == "__main__":
    main()
