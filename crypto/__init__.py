"""Cryptography of the index and its chain: bytes in, bytes out; no clock, no logging, no network.

Apart from key files and the pseudonymiser's own small service, nothing here reads or writes anything.
Whoever runs a pseudonymiser needs this package and no other of the product.
"""
