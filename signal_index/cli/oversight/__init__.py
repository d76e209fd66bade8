"""The commands of the privacy officer: the records, the log as a whole, and what others need to check it."""
