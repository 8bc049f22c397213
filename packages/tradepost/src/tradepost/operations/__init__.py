"""What Tradepost does, one module per verb: gather, plan (pure), apply, verify, record. I/O only through `ports`."""
