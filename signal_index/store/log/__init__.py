"""The log as a whole: its tree, the cosignatures beneath it, the check of everything in it, and the log beside it."""
