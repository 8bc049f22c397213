"""What is done to listings: one module or package per verb, and what several of them share."""
