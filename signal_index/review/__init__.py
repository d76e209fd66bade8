"""Which looks the privacy officer reviews, and why: every look gets its reasons, a week gets its work list.

Pure: looks, the policy and the source of chance are handed in. A rank orders *looks* for the reviewer. It says nothing
about a resident, it is no verdict on a worker, and no page shows it.
"""
