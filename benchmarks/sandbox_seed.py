"""How long it takes to fill a store: 1,000,000 products, in memory and on disk."""

from recording import Record, timed
from sandbox_process import sandbox

PRODUCTS = 1_000_000


def main() -> None:
    record = Record("sandbox_seed", aim="1,000,000 products in under five minutes", note="Single runs.")
    for name, in_memory in (("memory", True), ("disk", False)):
        with sandbox(in_memory=in_memory) as server:
            before = server.cpu_seconds()
            [taken] = timed(1, lambda server=server: server.control("/seed", products=PRODUCTS))
            assert server.control("/state", method="GET")["sandbox"]["products"] == PRODUCTS
            record.add(
                **{
                    f"{name}_seconds": taken,
                    f"{name}_cpu_seconds": server.cpu_seconds() - before,
                    f"{name}_peak_mb": server.peak_mb(),
                }
            )
    record.write()


if __name__ == "__main__":
    main()
