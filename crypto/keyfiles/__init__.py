"""Key files: what each party keeps secret, what it publishes, and the manifest that pins the published parts.

`values` says how one value stands in a file, `document` reads and writes files, `parts` are the keys of the three
parties of the chain with their proofs, `manifest` is what they agree on, `publisher` has the keys of who sends and
`witness` the key of who watches the log.
"""

from crypto.keyfiles.document import FILE_BYTES_MAX, FILE_FORMAT
from crypto.keyfiles.manifest import HOLDERS, Approval, Manifest, Parts, spelled
from crypto.keyfiles.parts import (
    IndexPublic,
    IndexSecrets,
    PseudonymiserPublic,
    PseudonymiserSecrets,
)
from crypto.keyfiles.publisher import PublisherPublic, PublisherSecrets
from crypto.keyfiles.values import Fingerprint, Holder, HpkePrivateKey, HpkePublicKey, Party
from crypto.keyfiles.witness import WitnessSecrets

__all__ = [
    "FILE_BYTES_MAX",
    "FILE_FORMAT",
    "HOLDERS",
    "Approval",
    "Fingerprint",
    "Holder",
    "HpkePrivateKey",
    "HpkePublicKey",
    "IndexPublic",
    "IndexSecrets",
    "Manifest",
    "Parts",
    "Party",
    "PseudonymiserPublic",
    "PseudonymiserSecrets",
    "PublisherPublic",
    "PublisherSecrets",
    "WitnessSecrets",
    "spelled",
]
