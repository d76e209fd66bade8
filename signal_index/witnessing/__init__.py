"""Keeps the tree of the log growing, and has it cosigned by witnesses outside the operator's reach."""
