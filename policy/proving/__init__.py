"""Proofs about a set of rules, for whoever owns them: never imported by a process that serves.

Rules are written as formulas over every look-up there can be, and a solver (z3) looks for one that breaks a promise.
The translation is ours and unverified. Each look-up the solver comes up with is therefore asked of the engine that
decides (`Unconfirmed` if that says otherwise), and what the solver calls impossible is held against random look-ups in
the tests. A reader is told "worked out", not "proved safe".

Needs the extra `proofs` of this distribution.
"""
