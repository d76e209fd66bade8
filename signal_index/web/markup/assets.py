"""Static files, read once at start: a hash of the content in each name, so browsers may keep them for a year.

Only these are compressed; a page never is, since its compressed length could tell what it holds.
"""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

PREFIX = "/static"
TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
_COMPRESSIBLE = frozenset({".css", ".js", ".svg"})
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """One file, ready to send."""

    content: bytes
    compressed: bytes | None
    media_type: str


class Assets:
    """All static files, by the name with a hash in it.

    Args:
        files: name as templates use it (`app.css`) to content.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._names = {name: _hashed(name, content) for name, content in files.items()}
        self._assets = {self._names[name]: _asset(name, content) for name, content in files.items()}

    @classmethod
    def load(cls, folder: Path, extra: Mapping[str, Path]) -> "Assets":
        """Read a folder, and files from elsewhere under a name of their own.

        Raises:
            OSError: a file cannot be read.
        """
        own = {path.name: path for path in folder.iterdir() if path.suffix in TYPES}
        return cls({name: path.read_bytes() for name, path in sorted({**own, **extra}.items())})

    def url(self, name: str) -> str:
        """Where the browser finds this file.

        Raises:
            KeyError: there is no such file; a programming error.
        """
        return f"{PREFIX}/{self._names[name]}"

    async def serve(self, request: Request) -> Response:
        """Answer one request for a file; an old or unknown name is 404."""
        asset = self._assets.get(request.path_params["name"])
        if asset is None:
            return Response(status_code=404)
        headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
        if asset.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(asset.compressed, media_type=asset.media_type, headers=headers)
        return Response(asset.content, media_type=asset.media_type, headers=headers)


def _hashed(name: str, content: bytes) -> str:
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}.{sha256(content).hexdigest()[:16]}{dot}{suffix}"


def _asset(name: str, content: bytes) -> Asset:
    suffix = Path(name).suffix
    compressed = gzip.compress(content, 9, mtime=0) if suffix in _COMPRESSIBLE else None
    return Asset(content, compressed, TYPES[suffix])
