"""The keys of a whole chain side by side, as only a test may hold them."""

from crypto.keyfiles import IndexSecrets, Manifest, Parts, PseudonymiserSecrets


def agreed(index: IndexSecrets, b: PseudonymiserSecrets, a: PseudonymiserSecrets) -> Manifest:
    """Agree on a manifest as the three parties would."""
    parts = Parts(index.public(), b.public(), a.public())
    return Manifest.agreed(parts, [parts.approve(secrets) for secrets in (index, b, a)])
