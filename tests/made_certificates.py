"""Makes what the tests of encrypted mail need: an authority of our own, and servers' certificates by it or by nobody."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """A certificate authority; its own certificate is in `file`."""

    def __init__(self, folder):
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._signed("测试机构", self.key, None)
        self.file = folder / "authority.pem"
        self.file.write_bytes(_pem(self.certificate))

    def context(self, address, by_itself=False):
        """What a server at this address shows; signed by this authority, or by itself alone."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed("127.0.0.1", key, address, by=key if by_itself else None)
        path = self.folder / "server.pem"
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path.write_bytes(private + _pem(certificate))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context

    def _signed(self, name, key, address, by=None):
        subject, now = _named(name), datetime.now(UTC)
        built = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(_named(name) if by else _named("测试机构")).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=address is None, path_length=None), critical=True)
        )  # fmt: skip
        if address:
            built = built.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        return built.sign(by or self.key, hashes.SHA256())


def _named(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)
