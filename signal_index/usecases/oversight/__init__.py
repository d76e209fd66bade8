"""What the privacy officer does: review, search, open, count, and see whether the log is whole; never a flag."""
