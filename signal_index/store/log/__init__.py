"""The log as a whole: its tree, the cosignatures beneath it, and the check of everything in it."""
