"""The rulebook: which rules count, who put them in force, and which sets wait for a second person."""
