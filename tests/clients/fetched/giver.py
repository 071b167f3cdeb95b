"""Who gives out credentials, on loopback: a proxy for plain HTTP and, with a certificate of its own, for HTTPS."""

import datetime
import json
import re
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HEADERS = (
    "x-aliyun-ecs-metadata-token",
    "x-aliyun-ecs-metadata-token-ttl-seconds",
    "authorization",
    "accept",
    "content-type",
)
"""What is compared; the rest is the business of the client."""

VARYING = ("Timestamp", "SignatureNonce", "Signature")

WHO = {
    "AccountId": "1111111111111111",
    "Arn": "acs:ram::1111111111111111:user/somebody",
    "IdentityType": "RAMUser",
    "PrincipalId": "1",
    "UserId": "1",
    "RequestId": "00000000-0000-0000-0000-000000000000",
}
"""What STS answers whoever asks who they are: the key that signs is kept."""


def certificate(folder: Path, hosts: list[str]) -> tuple[Path, Path]:
    """A certificate for hosts, and its key. The authority that signed it is `authority.pem` in the folder."""
    authority = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    for_hosts = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    root = signed("authority", authority, authority, x509.BasicConstraints(ca=True, path_length=0))
    leaf = signed("giver", key, authority, for_hosts)
    (folder / "authority.pem").write_bytes(root)
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(leaf)
    kinds = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(*kinds))
    return paths


def signed(name: str, key, authority, extension: x509.ExtensionType) -> bytes:
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(extension, isinstance(extension, x509.BasicConstraints))
        .sign(authority, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


class Giver(ThreadingHTTPServer):
    """Answers as a case says and keeps what it was asked."""

    daemon_threads = True

    def __init__(self, certificate: tuple[Path, Path]):
        super().__init__(("127.0.0.1", 0), Handler)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(*certificate)
        self.answers: dict = {}
        self.asked: list = []
        self.signed: tuple | None = None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    timeout = 20
    behind = ""

    def log_message(self, *_):
        pass

    def do_CONNECT(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        self.behind = "https://" + self.path.removesuffix(":443")
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = self.connection.makefile("wb", 0)
        self.close_connection = False

    def handle_any(self):
        url = urlsplit(self.behind + self.path.removeprefix(f"http://{self.server.address}"))
        to = f"{self.command} {url._replace(query='').geturl()}"
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        asked: dict = {"to": to}
        headers = {name: self.headers[name] for name in HEADERS if self.headers.get(name) not in (None, "*/*")}
        parameters = {name: value for name, value in parse_qsl(url.query) if name not in VARYING}
        if headers:
            asked["headers"] = headers
        if parameters:
            asked["parameters"] = parameters
        if self.headers.get("content-type") == "application/x-www-form-urlencoded":
            asked["form"] = dict(parse_qsl(body.decode()))
        elif body:
            asked["json"] = json.loads(body)
        if self.headers.get("x-acs-action") == "GetCallerIdentity":
            key = re.search("Credential=([^,]+)", self.headers["authorization"])
            self.server.signed = key[1], self.headers.get("x-acs-security-token")
            answer: object = WHO
        else:
            self.server.asked.append(asked)
            answer = self.server.answers.get(to)
        text = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(404 if answer is None else 200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = do_POST = handle_any
