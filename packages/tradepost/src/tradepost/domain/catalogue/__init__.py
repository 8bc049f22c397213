"""What the merchant sells, and what a file makes of it."""
