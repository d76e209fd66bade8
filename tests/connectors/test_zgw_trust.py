"""A Zaken API behind TLS is asked when this machine trusts its certificate, by whichever authority."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from connectors.formats import Unreachable
from connectors.zgw.following import follow
from connectors.zgw.options import ZgwOptions
from tests.support.messages import message
from tests.support.tls import Authority, Front
from tests.support.zgw import NOTIFICATION, SETTINGS, ZAAK_ID

ROOT = "/zaken/api/v1/"


class Gone(BaseHTTPRequestHandler):
    """Says of every zaak that it is there no more."""

    def do_GET(self) -> None:
        self.send_response(410)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def front(authority: Authority) -> Iterator[Front]:
    behind = ThreadingHTTPServer(("127.0.0.1", 0), Gone)
    threading.Thread(target=behind.serve_forever, args=(0.02,), daemon=True).start()
    made = Front("127.0.7.1", authority.vouch("127.0.7.1"), behind.server_port)
    yield made
    made.close()
    behind.shutdown()
    behind.server_close()


def followed(front: Front, **more: str) -> bytes:
    options = ZgwOptions.model_validate({**SETTINGS, "api": {"root": front.url + ROOT, **more}})
    told = {**NOTIFICATION, "hoofdObject": f"{front.url}{ROOT}zaken/{ZAAK_ID}"}
    return follow(message(json.dumps(told).encode(), "bericht"), options).stream.read()


def test_an_authority_of_this_machine_is_enough(
    front: Front, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unreachable):
        followed(front)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    assert json.loads(followed(front))["actie"] == "destroy"


def test_a_certificate_of_ours_that_is_no_use_lets_the_notification_wait(
    front: Front, tmp_path: Path
) -> None:
    (tmp_path / "ours.pem").write_text("no certificate")
    shown = {name: str(tmp_path / "ours.pem") for name in ("certificate", "key")}
    with pytest.raises(Unreachable, match="api-settings"):
        followed(front, **shown)
