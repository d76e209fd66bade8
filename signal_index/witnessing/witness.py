"""Speaks with one witness: hands it a checkpoint and gets a cosignature, or hears why not.

Invariants:
1. A cosignature counts only when it verifies under the key this index was set up with, over exactly our checkpoint.
2. Nothing waits for a witness without a limit, and no answer of it is read beyond one.

Whoever controls the witness can at most withhold its signature; the index then stops answering after a while.
Source: C2SP tlog-witness (add-checkpoint), tlog-cosignature.
"""

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx

from crypto.errors import CryptoError
from crypto.log.checkpoint import open_checkpoint
from crypto.log.lines import read_number
from crypto.log.notes import Verifier, add_signatures
from crypto.log.witnessing import AddCheckpoint
from signal_index.errors import SetupFault
from signal_index.model.log import Cosigned
from signal_index.usecases.log import Submission

PATH: Final = "/add-checkpoint"
TIMEOUT_SECONDS: Final = 5.0
ANSWER_BYTES_MAX: Final = 16 * 1024
_SIZE_TYPE: Final = "text/x.tlog.size"
_REASONS: Final = {403: "unknown-key", 404: "unknown-log", 422: "proof"}


@dataclass(frozen=True)
class Knows:
    """The witness knows a tree of another size than we thought."""

    size: int


@dataclass(frozen=True)
class Declined:
    """The witness gave no usable cosignature; `reason` as in `signal_index.model.log.Refusal`."""

    reason: str


@dataclass(frozen=True)
class Witness:
    """A witness as this index was set up with it.

    Args:
        address: of the witness, without a path.
        key: its cosigning key.
        log: the key of our own checkpoints.
    """

    address: str
    key: Verifier
    log: Verifier
    http: httpx.Client = field(repr=False, compare=False)

    def ask(self, submission: Submission) -> Cosigned | Knows | Declined:
        """Hand over a checkpoint with its proof."""
        body = AddCheckpoint(submission.old_size, submission.proof, submission.head.checkpoint).body
        try:
            status, media_type, answer = self._post(body)
        except (httpx.HTTPError, httpx.InvalidURL):
            return Declined("unreachable")
        if status == httpx.codes.OK:
            return self._cosigned(submission, answer)
        if status == httpx.codes.CONFLICT and media_type == _SIZE_TYPE:
            return _known_size(answer)
        return Declined(_REASONS.get(status, "answer"))

    def _post(self, body: bytes) -> tuple[int, str, bytes]:
        with self.http.stream("POST", self.address + PATH, content=body) as response:
            answer = b""
            for chunk in response.iter_raw():
                answer += chunk
                if len(answer) > ANSWER_BYTES_MAX:
                    return 0, "", b""
            media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
            return response.status_code, media_type, answer

    def _cosigned(self, submission: Submission, answer: bytes) -> Cosigned | Declined:
        try:
            note = add_signatures(submission.head.checkpoint, answer.decode("utf-8"))
            (cosignature,) = open_checkpoint(note, self.log, [self.key], cosignatures_min=1).cosignatures
            at = datetime.fromtimestamp(cosignature.timestamp or 0, UTC)
        except (CryptoError, ValueError, OverflowError, OSError):
            return Declined("answer")
        return Cosigned(self.key.name, submission.head.size, note, at)


def _known_size(answer: bytes) -> Knows | Declined:
    try:
        return Knows(read_number(answer.decode("ascii").removesuffix("\n")))
    except (CryptoError, ValueError):
        return Declined("answer")


def client(shown: tuple[Path, Path] | None = None) -> httpx.Client:
    """Make the client for a witness: no redirects, no proxies from the environment, bounded waiting.

    Args:
        shown: certificate and key, PEM, by which we show who we are; read once. None to show nothing.

    Raises:
        SetupFault: these cannot be read, do not belong together, or the key is locked with a password.
    """
    trust = ssl.create_default_context()
    trust.minimum_version = ssl.TLSVersion.TLSv1_3
    if shown is not None:
        _show(trust, *shown)
    headers = {"Accept-Encoding": "identity", "Content-Type": "application/octet-stream"}
    return httpx.Client(
        verify=trust, timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False, headers=headers
    )


def _show(trust: ssl.SSLContext, certificate: Path, key: Path) -> None:
    try:
        # An empty password, so that a locked key is refused; without one OpenSSL would wait at the terminal.
        trust.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise SetupFault(
            f"cannot use the certificate {certificate} with the key {key}: see whether both are there, belong together "
            "and need no password"
        ) from error
