"""
The one routine for every write of stock: sightings of orders, and accounts that are moved, set, settled and looked at.

What is on sale is moved, because a move erases no sale and needs no reading before it. A value is set only where
nobody can be buying, or where nothing is known of the store's count. The words are those of `domain.stock.stock`.
"""
