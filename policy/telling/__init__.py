"""Facts and decisions in words for people, from the texts of the rule set that decided."""
