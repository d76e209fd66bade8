"""The small service that pseudonymisers A and B each run: check, count, hop, pass on.

The walk of one delivery, in order: `problems` says how each step can refuse.

1. `app` reads the body, never more than the largest batch a registered publisher may send.
2. `admission` checks form, sender, signatures, destination, count, items and clock.
3. `ledger` counts the items against the publisher's day, durably, before any key is used.
4. `crypto.batch.apply_hop` multiplies, re-randomises and signs.
5. `onward` hands it to the next party and brings the answer back unchanged.

Whoever controls one of the two sees publisher, class, count and time, and can stop the traffic; it can read no row
and link no person.
"""
