"""What the official clients make of parameters. Only the clock, the nonce and the connection are not theirs."""

import importlib
import json
import typing

from alibabacloud_tea_openapi import models as open_api
from alibabacloud_tea_openapi.utils import Utils, get_canonical_query_string, get_canonicalized_headers
from darabonba.core import DaraCore
from darabonba.request import DaraRequest
from darabonba.runtime import RuntimeOptions
from Tea.model import TeaModel

from contracts import DATA, LEGACY
from frame.clients import PACKAGES, by_name

from .trees import fields_of

NEVER = {name.lower() for name in LEGACY}

KEY = ("LTAI-signed-0001", "signed-secret-0001")


class Sent(BaseException):
    """What a client was about to send. Not an `Exception`, which the client would take for a failure and repeat."""

    def __init__(self, request: DaraRequest):
        self.request = request


def caught(call) -> DaraRequest:
    """Returns the request that a call would send."""

    def send(request, *_):
        raise Sent(request)

    connection = DaraCore.do_action
    DaraCore.do_action = staticmethod(send)
    try:
        call()
    except Sent as sent:
        return sent.request
    finally:
        DaraCore.do_action = connection
    raise AssertionError("the client sent nothing")


class Official:
    """The clients of all products, each with and without a token."""

    def __init__(self):
        self.clients = {}
        self.date = self.nonce = ""
        Utils.get_timestamp = staticmethod(lambda: self.date)
        Utils.get_nonce = staticmethod(lambda: self.nonce)

    def client(self, product: str, token: str | None):
        if (product, token) not in self.clients:
            module = importlib.import_module(f"{PACKAGES[product]}.client")
            config = open_api.Config(
                access_key_id=KEY[0], access_key_secret=KEY[1], security_token=token, endpoint=host(product)
            )
            self.clients[product, token] = module.Client(config)
        return self.clients[product, token]

    def generic(self, token, query: dict, form: dict) -> DaraRequest:
        """An action that no contract and no client knows."""
        request = open_api.OpenApiRequest(query=Utils.query(query), body=Utils.parse_to_map(form) if form else None)
        params = by_name("Paint", "2020-01-01")
        return caught(lambda: self.client("sts", token).call_api(params, request, RuntimeOptions()))

    def method(self, product: str, token, name: str, request) -> DaraRequest:
        method = getattr(self.client(product, token), name)
        return caught(lambda: method(*([request] if request else [])))


def host(product: str) -> str:
    return f"{product}.cn-hangzhou.example"


# Whoever has a token of an identity provider has no key yet: nobody signs the request.
UNSIGNED = {"AssumeRoleWithOIDC"}


def methods():
    """Returns, for every action of the contracts that is signed: product, action, the client's method and type of request."""
    found = []
    for product, package in PACKAGES.items():
        client = importlib.import_module(f"{package}.client").Client
        names = {name.replace("_", ""): name for name in dir(client)}
        for line in (DATA / f"{product.replace('_', '-')}.jsonl").read_text().splitlines():
            action = json.loads(line)["action"]
            if action in UNSIGNED:
                continue
            method = names[action.lower()]
            found.append((product, action, method, typing.get_type_hints(getattr(client, method)).get("request")))
    return found


def without_legacy(request: TeaModel) -> TeaModel:
    """Leaves out what the clients know and no contract has."""
    for name in fields_of(type(request)):
        if name.replace("_", "") in NEVER:
            setattr(request, name, None)
    return request


def documented(value):
    """Writes truth values as the documents do: `booleans` in differences.py. Tables in structures travel as JSON."""
    if isinstance(value, TeaModel):
        for name in fields_of(type(value)):
            held = getattr(value, name)
            setattr(value, name, held if isinstance(held, dict) else documented(held))
        return value
    if isinstance(value, list):
        return [documented(item) for item in value]
    if isinstance(value, dict):
        return {name: documented(item) for name, item in value.items()}
    return str(value).lower() if isinstance(value, bool) else value


def signed(request: DaraRequest, plain_names: bool) -> dict:
    """What the clients' own functions make of a request: of the headers that this program sends, and no others."""
    body = request.body or ""
    headers = {
        name.lower(): value
        for name, value in request.headers.items()
        if name.lower() in {"host", "accept", "content-type", *HEADERS} and not (name == "content-type" and not body)
    }
    sent = DaraRequest()
    sent.method, sent.pathname, sent.query, sent.headers = request.method, request.pathname, request.query, headers
    lines, names = get_canonicalized_headers(headers)
    payload = headers["x-acs-content-sha256"]
    made = {
        "query": request.query,
        "body": body,
        "old": Utils.get_rpcsignature({**request.query}, request.method, KEY[1]),
        "sent": {name: value for name, value in request.headers.items()},
    }
    if plain_names:
        query = get_canonical_query_string(request.query)
        canonical = "\n".join((request.method, request.pathname, query, lines, names, payload))
        digest = Utils.hex_encode(Utils.hash(canonical.encode(), ALGORITHM))
        made["canonical"] = canonical
        made["string_to_sign"] = f"{ALGORITHM}\n{digest}"
        made["authorization"] = Utils.get_authorization(sent, ALGORITHM, payload, *KEY)
    return made


ALGORITHM = "ACS3-HMAC-SHA256"

HEADERS = {
    "x-acs-action",
    "x-acs-content-sha256",
    "x-acs-date",
    "x-acs-security-token",
    "x-acs-signature-nonce",
    "x-acs-version",
}
