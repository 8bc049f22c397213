"""How long a provisioning document of 1,000 tags takes, in memory and on disk."""

from recording import Record, median
from sandbox_process import SandboxProcess, SignedCaller, sandbox

TAGS = 1000
ROUNDS = 9


def added(start: int) -> str:
    """Half products, half their inventory settings: what a publisher sends."""
    return "".join(
        f"<Product_Add><Code>P{number}</Code><SKU>S{number}</SKU><Name>Product {number}</Name><Price>12.50</Price>"
        f"<Weight>0.4</Weight><Description>Plain and light.</Description></Product_Add>"
        f'<InventoryProductSettings_Update product_code="P{number}"><TrackProduct>Yes</TrackProduct>'
        f"<CurrentStock>{number % 20}</CurrentStock></InventoryProductSettings_Update>"
        for number in range(start, start + TAGS // 2)
    )


def updated() -> str:
    return "".join(
        f'<Product_Update code="P{number % (TAGS // 2)}"><Price>{number % 50}.95</Price></Product_Update>'
        for number in range(TAGS)
    )


def measure(server: SandboxProcess, record: Record, name: str) -> None:
    caller = SignedCaller(server.facts)
    documents = {"add": [added(index * TAGS) for index in range(ROUNDS)], "update": [updated()] * ROUNDS}
    for kind, texts in documents.items():
        server.forget()
        before = server.cpu_seconds()
        for text in texts:
            assert caller.call("Provision_Store", XML=text) == []
        cpu = (server.cpu_seconds() - before) / ROUNDS
        log = server.control("/requests", method="GET")["requests"]
        record.add(
            **{
                f"{name}_{kind}_ms": 1000 * median([one["seconds"] for one in log]),
                f"{name}_{kind}_cpu_ms": 1000 * cpu,
            }
        )
    caller.close()


def main() -> None:
    record = Record(
        "sandbox_provisioning",
        aim="under 500 ms for 1,000 tags",
        note=f"Medians of {ROUNDS} documents: add = 500 Product_Add and 500 InventoryProductSettings_Update, "
        "update = 1,000 Product_Update with a price.",
    )
    for name, in_memory in (("memory", True), ("disk", False)):
        with sandbox(in_memory=in_memory) as server:
            measure(server, record, name)
    record.write()


if __name__ == "__main__":
    main()
