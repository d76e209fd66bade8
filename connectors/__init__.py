"""Readers of the messages sources already send, and the publisher that turns them into flags.

Invariants:
1. A BSN, a name, a reason, a code or an amount never leaves this package in the clear: what does leave is that
   something of a given type runs at a given source, since which month.
2. What cannot be understood is quarantined with a reason and a position; a fault is never read as an ending.

Whoever takes over a connector can at most publish or withdraw for the sources its publisher is registered for.
"""
