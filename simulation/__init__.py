"""
A day of a shop, simulated: shoppers, a merchant, a store that fails and a hub that is killed.

    python -m simulation --seed 7

Everything is a process of its own and talks over sockets: the store is the sandbox, the hub is the command
`tradepost`, on SQLite one server with a command line beside it, on PostgreSQL several servers. Time goes faster than
outside (`fast_clock`), the same for both. What happens is drawn from the seed; when processes get their turn is not, so
a seed repeats the day's acts and not its every race.

In the end `comparison`, which imports nothing of the hub, compares what the shoppers say that they bought, the store's
own tables and the hub's.
"""
