"""Settings: the page that lists all that can be set."""
