"""Messages: how letters reach people."""
