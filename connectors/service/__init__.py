"""The publisher as a service that a source runs for years: `signal-index connector run`.

The walk: `folder`, `polling` and `webhook` are the inboxes; `loop` takes in what they hold, says what is in sync and
sends; `life` stops it cleanly at any moment; `telling` says how it stands, without a person, through `listening`.

Invariants:
1. A message is out of its inbox only after the local state holds it durably. A crash in between has it taken in once
   more, which changes nothing.
2. Silence is not news: a stream is in sync only when every inbox that feeds it is known to be complete.
3. Whatever fails outside (a source, a share, a hop, the index), the service stays up, waits longer each time, and
   says so.

Whoever takes this process over can do what its publisher can, and read the messages that lie in its inboxes.
"""
