"""`signal-index setup`: asks what must be decided, checks each answer against the real thing, and makes an index of it.

`questions` is what is asked, `checks` how an answer is checked (with the checks of `doctor`), `asking` the conversation
and the file with answers, `answers` what is kept of them, `writing` the settings file, `making` the database and the
first administrators.

Invariants:
1. Nothing is overwritten but the settings file, of which the one before is kept, and only when all answers hold.
2. A file is there whole or not at all, whenever it stops; what was answered is kept, and the next run goes on from it.
3. No answer is a secret: of a secret only the file is named.
"""

from .command import setup

__all__ = ["setup"]
