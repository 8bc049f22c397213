"""What a channel manager is about, as plain values and pure functions: no I/O, no framework, no clock."""
