"""Checks the set-up of an index, point by point, and says what to mend and how.

The walk is `walk.examine`: settings and keys, the database, its log and the witnesses, what is registered and who works
here, and what lies outside: the pseudonymisers, the identity provider and the mail server. `left.what_is_left` says
what comes next. `signal-index setup` makes the same checks, each as soon as its question is answered.

Invariants:
1. Nothing is changed, and nothing recorded; what is tried in the database is taken back.
2. No finding holds a secret, a BSN or a pseudonym; what another party said is shown only where it should equal ours.
3. A check that cannot be made is a finding, never silence.
"""

from .findings import Finding, State
from .left import Step, what_is_left
from .walk import examine

__all__ = ["Finding", "State", "Step", "examine", "what_is_left"]
