"""The light transport against a real https server: keeping, losing and reopening the connection."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from helpers.lab.cluster.kubeconfig import Context
from helpers.lab.cluster.transport import LightTransport, connect


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self) -> None:
        type(self).connections += 1
        super().setup()

    def do_GET(self) -> None:
        body = f"{self.path} {self.headers['Authorization']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/bye":
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    folder = tmp_path_factory.mktemp("tls")
    _certificate(folder)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.socket = tls.wrap_socket(httpd.socket, server_side=True)
        thread = threading.Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        address = f"https://127.0.0.1:{httpd.server_port}"
        authority = {"certificate-authority": str(folder / "cert.pem")}
        yield Context("t", address, "default", authority, {"token": "secret"}, ())
        httpd.shutdown()
        thread.join()


def _certificate(folder: Path) -> None:
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def get(transport: LightTransport, path: str) -> bytes:
    return transport.request("GET", path, None, {}, 5).body


def test_one_connection_serves_many_requests(server: Context) -> None:
    transport = LightTransport(server)
    before = Handler.connections
    assert [get(transport, f"/{number}") for number in range(3)] == [f"/{n} Bearer secret".encode() for n in range(3)]
    assert Handler.connections == before + 1
    transport.close()


def test_a_connection_that_the_server_closed_is_opened_again(server: Context) -> None:
    transport = LightTransport(server)
    assert get(transport, "/bye") and get(transport, "/again") == b"/again Bearer secret"
    transport.close()


def test_the_lightest_way_is_chosen(server: Context) -> None:
    transport = connect(server)
    assert isinstance(transport, LightTransport)
    transport.close()


def test_a_certificate_of_somebody_else_is_refused(server: Context) -> None:
    transport = LightTransport(Context("t", server.server, "default", {}, {}, ()))
    with pytest.raises(OSError, match="certificate"):
        get(transport, "/")
    transport.close()


def test_verification_can_be_switched_off_in_the_kubeconfig(server: Context) -> None:
    transport = LightTransport(Context("t", server.server, "default", {"insecure-skip-tls-verify": True}, {}, ()))
    assert get(transport, "/x") == b"/x None"
    transport.close()


def test_nobody_there() -> None:
    transport = LightTransport(Context("t", "https://127.0.0.1:1", "default", {}, {}, ()))
    with pytest.raises(OSError):
        get(transport, "/")
