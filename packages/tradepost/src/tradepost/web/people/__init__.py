"""Who may log in, how, and what they did."""
