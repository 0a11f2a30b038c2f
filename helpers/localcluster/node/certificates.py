"""Who the API is and who may speak to it: a certificate from an authority of its own, and a token.

Made once and used across restarts, so that a kubeconfig stays good. The
authority's key is thrown away after it has signed: nobody can sign another.
Each secret is one file, replaced in one step, so that a crash leaves the old or
the new one and never a mixture.
"""

import contextlib
import os
import re
import secrets
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from helpers.localcluster.node.private import write_private

LIFETIME_DAYS = 365
RENEW_DAYS = 30
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n", re.DOTALL)


@dataclass(frozen=True)
class Credentials:
    """What the node serves with, and what a client needs."""

    bundle: Path
    """PEM: the server's key, its certificate, the authority's certificate."""
    authority: str
    """PEM of the authority's certificate."""
    token: str
    """The bearer token of the one user."""
    shop_secret: str
    """The path under which the shop answers on loopback."""

    def server_context(self) -> ssl.SSLContext:
        """For the API's listener."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.bundle)
        return context

    def client_context(self) -> ssl.SSLContext:
        """For a client of the API; trusts nobody else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.authority)
        return context


def ensure(directory: Path) -> Credentials:
    """The credentials kept in `directory`, made anew where they are missing, damaged or not good for now."""
    bundle = directory / "server.pem"
    authority = _usable_authority(bundle)
    if authority is None:
        text = _apart(_issue)
        write_private(bundle, text)
        authority = _CERTIFICATE.findall(text)[1]
    return Credentials(bundle, authority, _secret(directory / "token", 32), _secret(directory / "shop-secret", 18))


def load(directory: Path) -> Credentials:
    """The credentials of a cluster that has been started. Raises OSError when there are none."""
    bundle = directory / "server.pem"
    certificates = _CERTIFICATE.findall(bundle.read_text("utf-8"))
    token, secret = ((directory / name).read_text("utf-8").strip() for name in ("token", "shop-secret"))
    return Credentials(bundle, certificates[-1], token, secret)


def _usable_authority(bundle: Path) -> str | None:
    """The authority's certificate if the bundle is whole and good for some weeks."""
    with contextlib.suppress(OSError, ssl.SSLError, ValueError, KeyError, IndexError):
        authority: str = _CERTIFICATE.findall(bundle.read_text("utf-8"))[1]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(bundle)
        context.load_verify_locations(cadata=authority)
        known = context.get_ca_certs()[0]
        begin, end = (ssl.cert_time_to_seconds(str(known[key])) for key in ("notBefore", "notAfter"))
        if begin <= time.time() < end - RENEW_DAYS * 86400:
            return authority
    return None


def _secret(path: Path, size: int) -> str:
    """A random text that is kept."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        kept = path.read_text("utf-8").strip()
        if len(kept) >= size and re.fullmatch(r"[\w-]+", kept):
            return kept
    made = secrets.token_urlsafe(size)
    write_private(path, made + "\n")
    return made


def _apart(write: Callable[[], str]) -> str:
    """What `write` returns, from a process of its own: the 12 MB that it imports aren't kept for the node's whole life.

    Raises OSError.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reading)
            with os.fdopen(writing, "w", encoding="utf-8") as pipe:
                pipe.write(write())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        text = pipe.read()
    if os.waitpid(child, 0)[1]:
        raise OSError("the API's certificate could not be made")
    return text


def _issue() -> str:
    """A new server key, its certificate and that of a new authority, which the bundle holds in this order."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = datetime.datetime.now(datetime.UTC)
    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hipster-lab-ca")])
    key_id = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())

    def certificate(name: x509.Name, key: ec.EllipticCurvePrivateKey, authority: bool) -> x509.CertificateBuilder:
        usage = {"digital_signature": not authority, "key_cert_sign": authority, "crl_sign": authority}
        others = (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        )
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            # A clock that is set back should not lock the learner out.
            .not_valid_before(now - datetime.timedelta(days=RENEW_DAYS))
            .not_valid_after(now + datetime.timedelta(days=LIFETIME_DAYS))
            .add_extension(x509.BasicConstraints(authority, 0 if authority else None), critical=True)
            .add_extension(x509.KeyUsage(**usage, **dict.fromkeys(others, False)), critical=True)
        )

    def pem(made: x509.Certificate) -> str:
        return made.public_bytes(serialization.Encoding.PEM).decode()

    authority = (
        certificate(issuer, authority_key, True).add_extension(key_id, False).sign(authority_key, hashes.SHA256())
    )
    names = [
        x509.DNSName(name)
        for name in (
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
        )
    ]
    addresses = [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "10.96.0.1", "172.20.0.2")]
    server = (
        certificate(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hipster-lab-api")]), server_key, False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), False)
        .add_extension(x509.SubjectAlternativeName([*names, *addresses]), False)
        .sign(authority_key, hashes.SHA256())
    )
    key = server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return key + pem(server) + pem(authority)
