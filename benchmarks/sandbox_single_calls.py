"""How many signed single calls a second the sandbox answers, one after the other on one connection."""

from recording import Record, median, timed
from sandbox_process import SignedCaller, sandbox

CALLS = 300
ROUNDS = 9


def main() -> None:
    record = Record("sandbox_single_calls", note="Medians of rounds of 300 calls; the caller's own time is included.")
    with sandbox() as server:
        server.control("/seed", products=1000)
        caller = SignedCaller(server.facts)
        product = {"Product_Code": "SEED-1"}
        loads = {
            "store_load": lambda: caller.send("Store_Load"),
            "product_list_of_one": lambda: caller.send("ProductList_Load_Query", Count=1),
            "product_update": lambda: caller.send("Product_Update", **product, Product_Price=5),
        }
        for name, load in loads.items():
            load()
            before = server.cpu_seconds()
            rounds = timed(ROUNDS, lambda load=load: [load() for _ in range(CALLS)])
            cpu = server.cpu_seconds() - before
            record.add(
                **{
                    f"{name}_calls_a_second": CALLS / median(rounds),
                    f"{name}_sandbox_cpu_ms_a_call": 1000 * cpu / (ROUNDS * CALLS),
                }
            )
        caller.close()
    record.write()


if __name__ == "__main__":
    main()
