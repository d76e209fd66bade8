"""Review: every look is scored, a week gets its work list, and a privacy officer judges what is on it."""
