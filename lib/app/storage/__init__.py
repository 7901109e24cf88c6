"""What the bucket holds, how long it is kept, and how that which is ours goes again."""
