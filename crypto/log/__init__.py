"""The transparency log under the audit records: a Merkle tree, signed checkpoints, and proofs in the C2SP formats.

`merkle` is the tree, `notes` and `checkpoint` are what a log and its witnesses sign, `tiles` is how the tree is kept,
`proof` is what somebody with a receipt gets, `witnessing` is what a witness is asked.

Source: RFC 9162 §2.1; C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-tiles, tlog-proof, tlog-witness.
"""
