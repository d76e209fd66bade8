"""What the JSON interface promises as a whole: who may call what and how often, in which form, and how it says so."""
