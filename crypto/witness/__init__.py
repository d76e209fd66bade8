"""The witness: a small process outside the index operator's reach that cosigns checkpoints of the log.

The walk of one checkpoint, in order: `problems` says how each step can refuse.

1. `app` reads the body, never more than a checkpoint with its proof can be.
2. `walk` finds the log by its origin and believes nothing before a signature by one of its keys holds.
3. `judgement` compares it with what was cosigned before: cosign it, refuse it, and is it an alarm?
4. `memory` writes the outcome down, durably and in the same transaction as the comparison.
5. `walk` gives the cosignature away; `evidence` lays what an alarm rests on in a folder that anybody can read.

Whoever controls the witness can refuse to cosign, or cosign what it should not. It holds no record of the log, learns
sizes and hashes, and without the log's own key it can make nobody believe in a log that is not there.

Source: C2SP tlog-witness, tlog-cosignature.
"""
