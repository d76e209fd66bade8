"""Administer who works with the index and who may publish; shows no flag and never widens the actor's own sight.

Invariants:
1. Only an active functioneel beheerder administers, except during set-up: while there is none yet.
2. Nobody changes her own roles or her own entry.
3. Roles that look and roles that administer or oversee never meet in one person.
4. One person alone neither gives nor takes a sensitive role, and neither blocks, lets in nor moves who holds one: she
   proposes, and another decides, who is not the one it is about.
5. There is always somebody who administers, somebody who oversees once there was one, and two who can decide.
6. Who is blocked, moves to another organisation or loses a role is signed out everywhere, in the same transaction.

No module here imports what reads flags; a contract of the import linter sees to that.
"""
