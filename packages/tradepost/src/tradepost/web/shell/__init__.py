"""What is round every page, and how a page is drawn."""
