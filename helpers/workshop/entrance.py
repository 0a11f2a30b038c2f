"""How one gets at what a workshop serves: its keys, its certificate, the address that attendees type.

Kept in LAB_HOME, so that a board that restarts is found where it was.
"""

import base64
import datetime
import ipaddress
import secrets
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from helpers.lab.course.sending import fingerprint
from helpers.lab.errors import LabError
from helpers.lab.home import home, read_json, update_json, write

KEPT = "workshop.json"
CERTIFICATE = "workshop.pem"
_DAYS = 90


@dataclass(frozen=True)
class Keys:
    """`code` lets reports in, `page` lets one see the board."""

    code: str
    page: str

    @classmethod
    def kept(cls) -> "Keys":
        """Those of this machine, made at the first time."""
        made = {
            "code": base64.b32encode(secrets.token_bytes(4)).decode().lower()[:6],
            "page": secrets.token_urlsafe(12),
        }
        update_json(KEPT, lambda known: {**made, **known})
        known = read_json(KEPT)
        return cls(str(known.get("code", made["code"])), str(known.get("page", made["page"])))


@dataclass(frozen=True)
class Certificate:
    """PEM files for a server; `fingerprint` is what the join code says of it."""

    file: Path
    key: Path | None
    fingerprint: str

    @classmethod
    def given(cls, file: Path, key: Path | None) -> "Certificate":
        """Somebody's own. Raises LabError if a server can't use it."""
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file, key)
            first = file.read_text("utf-8").partition("-----END CERTIFICATE-----")
            begin = first[0].index("-----BEGIN CERTIFICATE-----")
            der = ssl.PEM_cert_to_DER_cert(first[0][begin:] + first[1])
        except (OSError, ValueError) as error:
            raise LabError(f"{file} is no certificate with its key that a server can use: {error}") from None
        return cls(file, key, fingerprint(der))

    @classmethod
    def own(cls, host: str) -> "Certificate":
        """One that this machine makes for itself and keeps; a new one for another host, or when it is about to end."""
        kept = read_json(KEPT)
        path = home() / CERTIFICATE
        if kept.get("host") != host or not path.exists() or float(kept.get("until", 0)) < _now().timestamp():
            path = write(CERTIFICATE, _made(host))
            until = (_now() + datetime.timedelta(days=_DAYS - 7)).timestamp()
            update_json(KEPT, lambda known: {**known, "host": host, "until": until})
        return cls.given(path, None)


def _made(host: str) -> str:
    """A key and a certificate that it signs itself, as one PEM text."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hipster Shop workshop")])
    try:
        known: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        known = x509.DNSName(host)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - datetime.timedelta(days=1))
        .not_valid_after(_now() + datetime.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName([known]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (secret + certificate.public_bytes(serialization.Encoding.PEM)).decode()


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def is_local(address: str) -> bool:
    """Whether only this machine can reach what listens on an address."""
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def listening(address: str, port: int) -> socket.socket:
    """A socket that listens there. Raises LabError with what to try instead."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((address, port))
    except OSError as error:
        found.close()
        raise LabError(
            f"Port {port} of {address} can't be used: {error.strerror}. Choose another with --port."
        ) from None
    return found


def name_of_this_machine(address: str) -> str:
    """How others reach what listens on `address`: for all interfaces, the one that leads out. Nothing is sent."""
    if address not in ("0.0.0.0", "::"):
        return address
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()
