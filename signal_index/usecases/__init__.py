"""What the product does: each use case conducts the walk edge -> decide, store, record -> edge, and knows no HTTP.

A use case takes the open transaction, so that what it does and the record of it are committed together; it never
commits, and it never answers anybody itself.
"""
