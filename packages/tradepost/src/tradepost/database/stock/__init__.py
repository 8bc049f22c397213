"""Stock in the database: accounts, sightings of orders, and the statements that free what they reserve."""
