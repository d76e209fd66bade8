"""What the source organisation sees and says: keys, contact routes, and what it heard of its deliveries."""
