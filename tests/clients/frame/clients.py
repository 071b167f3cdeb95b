"""The official clients, pointed at the simulated cloud, with every answer judged on its way in."""

import copy
import importlib
import typing
from dataclasses import dataclass

from alibabacloud_tea_openapi import models as open_api
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from darabonba.runtime import RuntimeOptions
from Tea.model import TeaModel

from . import shape

PACKAGES = {
    "ram": "alibabacloud_ram20150501",
    "sts": "alibabacloud_sts20150401",
    "dts": "alibabacloud_dts20200101",
    "ecs": "alibabacloud_ecs20140526",
    "smc": "alibabacloud_smc20190601",
    "r_kvstore": "alibabacloud_r_kvstore20150101",
}

REQUEST_ID = r"^(SIM)?[0-9A-F]{5,8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$"


def structure(declared: object, value):
    """Makes the client's own structures of plain dictionaries, as deep as they are declared."""
    if isinstance(value, dict) and isinstance(declared, type) and issubclass(declared, TeaModel):
        types = typing.get_type_hints(declared.__init__)
        return declared(**{name: structure(types[name], held) for name, held in value.items()})
    if isinstance(value, list) and typing.get_origin(declared) is list:
        (item,) = typing.get_args(declared)
        return [structure(item, held) for held in value]
    return value


def by_name(action: str, version: str) -> open_api.Params:
    """An action as the clients call it underneath, whether or not they have a method for it."""
    return open_api.Params(
        action=action,
        version=version,
        protocol="HTTPS",
        pathname="/",
        method="POST",
        auth_type="AK",
        style="RPC",
        req_body_type="formData",
        body_type="json",
    )


@dataclass(frozen=True)
class Key:
    """What a client signs with."""

    id: str
    secret: str
    token: str | None = None


class Product:
    """A client of one product, with the names of the official one.

    `case` is the test: every problem of an answer's shape is noted there, and the test goes on.
    """

    def __init__(self, case, address: str, product: str, key: Key, **settings):
        package = PACKAGES[product]
        self.case = case
        self.product = product
        self.models = importlib.import_module(f"{package}.models")
        self.client = importlib.import_module(f"{package}.client").Client(
            open_api.Config(
                access_key_id=key.id,
                access_key_secret=key.secret,
                security_token=key.token,
                endpoint=address,
                protocol="HTTP",
                region_id="cn-hangzhou",
                connect_timeout=5_000,
                read_timeout=30_000,
                **settings,
            )
        )
        self.received = None
        self._listen()

    def _listen(self) -> None:
        """Keeps what the client was answered, before its models take it in."""
        # What nobody signs goes another way than the rest.
        for name in ("call_api", "do_rpcrequest"):
            setattr(self.client, name, self._keeping(getattr(self.client, name)))

    def _keeping(self, send):
        def listening(*arguments):
            answer = send(*arguments)
            self.received = copy.deepcopy(answer)
            return answer

        return listening

    def call(self, method: str, shows: typing.Iterable[str] = (), **parameters):
        """Calls a method of the official client and returns the body as its typed model.

        Structures and lists of them are given as dictionaries with the names that the client gives their fields.
        `shows` are paths into the raw answer that must be there: what the documents call always present. A refusal inside
        an answer with status 200, which no client raises, fails the test.
        """
        body = self._answer(method, shows, parameters)
        raw = self.received["body"]
        self.case.assertNotEqual(str(raw.get("Success")).lower(), "false", f"{self.product}.{method}: {raw}")
        return body

    def _answer(self, method: str, shows: typing.Iterable[str], parameters: dict):
        function = getattr(self.client, method)
        types = typing.get_type_hints(function)
        request = [structure(types["request"], parameters)] if "request" in types else []
        answer = function(*request)
        self._judge(f"{self.product}.{method}", answer.body, shows)
        return answer.body

    def _judge(self, name: str, body, shows: typing.Iterable[str]) -> None:
        raw = self.received["body"]
        problems = shape.differences(raw, body) + shape.missing(raw, ["RequestId", *shows])
        headers = self.received["headers"]
        if headers.get("x-acs-request-id") != raw.get("RequestId"):
            problems.append("the header x-acs-request-id is not the answer's RequestId")
        self.case.problems += [f"{name}: {problem}" for problem in problems]

    def generic(self, action: str, version: str | None = None, **query):
        """Calls an action by its name, as the clients do underneath; for what they have no method for."""
        params = by_name(action, version or self.version)
        request = open_api.OpenApiRequest(query={name: str(value) for name, value in query.items()})
        return self.client.call_api(params, request, RuntimeOptions())["body"]

    @property
    def version(self) -> str:
        """The API's version, which the package carries in its name: `2015-05-01`."""
        digits = PACKAGES[self.product][-8:]
        return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"

    def refused(self, method: str, code: str, status: int, **parameters) -> AlibabaCloudException:
        """Calls a method that must be refused, and returns the exception that the official client makes of it."""
        return self._refusal(f"{self.product}.{method}", code, status, lambda: self.call(method, **parameters))

    def refused_generic(self, action: str, code: str, status: int, **query) -> AlibabaCloudException:
        """The same for a call by name."""
        return self._refusal(f"{self.product}:{action}", code, status, lambda: self.generic(action, **query))

    def _refusal(self, name: str, code: str, status: int, call) -> AlibabaCloudException:
        case = self.case
        with case.assertRaises(AlibabaCloudException, msg=f"{name} was not refused") as caught:
            call()
        refusal = caught.exception
        case.assertEqual((refusal.code, refusal.status_code), (code, status), f"{name}: {refusal.message}")
        case.assertRegex(refusal.request_id, REQUEST_ID, name)
        # The client writes status, message and request id into one sentence.
        case.assertRegex(refusal.message, rf"(?s)^code: {status}, \S.+ request id: {refusal.request_id}$", name)
        case.assertEqual(
            set(refusal.data) - {"statusCode"}, {"Code", "HostId", "Message", "Recommend", "RequestId"}, name
        )
        return refusal

    def enveloped(self, method: str, code: str, **parameters):
        """Calls a method of DTS that must be refused inside an answer with status 200, which no client raises."""
        body = self._answer(method, ["ErrCode", "ErrMessage", "Success"], parameters)
        raw = self.received["body"]
        self.case.assertEqual(self.received["statusCode"], 200)
        self.case.assertEqual((str(raw["Success"]).lower(), raw["ErrCode"]), ("false", code), raw)
        self.case.assertRegex(body.request_id, REQUEST_ID)
        return body
