"""The program with which an outsider checks the log: it needs an export or a proof, and keys, and nothing else.

`archive` opens the export and lets nothing strange in, `tree` recomputes the tree from the entries, `trail` follows
each writer's numbers and records, `verdict` puts that in order and in words, `cli` holds the two commands.

Run it away from the index: whoever controls the machine it runs on controls its answer.
"""
