"""Hands records out in the shapes that others read: processing operations, and decisions."""
