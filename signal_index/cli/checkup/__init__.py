"""Checks the set-up of an index, point by point, and says what to mend and how.

The walk is `walk.examine`: settings and keys, the database, its log and the witnesses, what is registered and who works
here, and what lies outside: the identity provider and the mail server.

Invariants:
1. Nothing is changed, and nothing recorded; what is tried in the database is taken back.
2. No finding holds a secret, a BSN or a pseudonym; what another party said is shown only where it should equal ours.
3. A check that cannot be made is a finding, never silence.
"""

from .findings import Finding, State
from .walk import examine

__all__ = ["Finding", "State", "examine"]
