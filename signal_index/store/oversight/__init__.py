"""The tables of review, and the log read in its own order for it."""
