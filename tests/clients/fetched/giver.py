"""Who gives out credentials, on loopback: a proxy for plain HTTP and, with a certificate of its own, for HTTPS."""

import datetime
import json
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

VARYING = ("Timestamp", "SignatureNonce")


def certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """A certificate for a host that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    kinds = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(*kinds))
    return paths


class Giver(ThreadingHTTPServer):
    """Answers as a case says and keeps what it was asked."""

    daemon_threads = True

    def __init__(self, certificate: tuple[Path, Path]):
        super().__init__(("127.0.0.1", 0), Handler)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(*certificate)
        self.answers: dict = {}
        self.asked: list = []
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
        if body:
            asked["json"] = json.loads(body)
        self.server.asked.append(asked)
        answer = self.server.answers.get(to)
        text = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(404 if answer is None else 200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = do_POST = handle_any
