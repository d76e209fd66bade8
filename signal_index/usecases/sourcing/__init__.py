"""What the source organisation sees and does: series, deliveries, contact routes, keys and figures; never a person."""
