"""The official client and the program fetch credentials as `fetched/cases.json` says, each case in processes of their own.

Both are told the same and are answered the same, through a proxy on loopback and with a certificate of its own. What a case
calls `our…`, or `by` one of the two, is where they differ on purpose. Each such case names its `point`: the line of the
table in the chapter on settings. Nothing is asked of the simulated cloud.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import certifi

from frame import ClientCase

HERE = Path(__file__).resolve().parent / "fetched"
TOP = HERE.parent.parent.parent
sys.path.insert(0, str(HERE))

from giver import Giver, certificate  # noqa: E402

CASES = json.loads((HERE / "cases.json").read_text())

HOSTS = ["sts.cn-hangzhou.aliyuncs.com", "sts.ap-northeast-1.aliyuncs.com", "oauth.aliyun.com", "keys.invalid"]

KEYS = {
    "Code": "Success",
    "AccessKeyId": "STS.fetched",
    "AccessKeySecret": "secret of STS.fetched",
    "SecurityToken": "token-of-STS.fetched",
    "Expiration": "2099-01-01T00:00:00Z",
}
PRINTED = {
    "mode": "StsToken",
    "access_key_id": "STS.printed",
    "access_key_secret": "secret of STS.printed",
    "sts_token": "token-of-STS.printed",
    "expiration": "2099-01-01T00:00:00Z",
}

RUNBOOK = """
schema = 1
[runbook]
name = "night"
[accounts.owner]
help = "the only account"
[[steps]]
id = "policy"
uses = "create-policy"
account = "owner"
with.name = "policy"
with.document = { Version = "1", Statement = [{ Effect = "Allow", Action = "dts:*", Resource = "*" }] }
"""

SETTINGS = """
[accounts.owner]
profile = "p"
region = "cn-hangzhou"
id = "2222222222222222"
"""
"""Another account than the key's, so that the program stops as soon as it has asked whose key it is."""


def filled(answer: object) -> object:
    if answer == "KEYS":
        return KEYS
    if isinstance(answer, dict):
        return {name: filled(value) for name, value in answer.items()}
    return answer


def ours(case: dict, what: str) -> object:
    return case.get(f"our_{what}", case.get(what))


def requests(case: dict, who: str) -> list:
    """What one of the two asks for."""
    asked = [request for request in case["requests"] if request.get("by", who) == who]
    return [{name: value for name, value in request.items() if name != "by"} for request in asked]


def differs(case: dict) -> bool:
    sides = (requests(case, "official"), requests(case, "ours"))
    return sides[0] != sides[1] or any(ours(case, what) != case.get(what) for what in ("key", "writes"))


def points() -> list[str]:
    """The lines of the table of differences, by their first cells."""
    chapter = (TOP / "docs/src/settings.md").read_text().split("Rutter differs on purpose:")[1]
    lines = chapter.strip().splitlines()
    table = lines[2 : next(number for number, line in enumerate(lines) if not line.startswith("|"))]
    return [line.split("|")[1].strip() for line in table]


class Differences(unittest.TestCase):
    def test_each_line_of_the_table_has_a_case_in_which_both_sides_differ_and_each_such_case_a_line(self):
        lines = points()
        self.assertGreater(len(lines), 5)
        named = {case["point"] for case in CASES.values() if "point" in case}
        self.assertEqual(set(lines) - named, set(), "lines of the table without a case")
        self.assertEqual(named - set(lines), set(), "cases without a line of the table")
        for name, case in CASES.items():
            self.assertEqual("point" in case, differs(case), f"`{name}` names a point just if both sides differ")


class Fetched(ClientCase):
    def test_credentials_are_fetched_alike(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            made = certificate(folder, HOSTS)
            bundle = folder / "bundle.pem"
            bundle.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + (folder / "authority.pem").read_bytes())
            (folder / "token").write_text("header.body/of+token")
            (folder / "printed.json").write_text(json.dumps(PRINTED))
            (folder / "night.toml").write_text(RUNBOOK)
            (folder / "rutter.toml").write_text(SETTINGS)
            giver = Giver(made)
            self.addCleanup(giver.server_close)
            self.addCleanup(giver.shutdown)
            for case, text in CASES.items():
                with self.subTest(case):
                    Playing(self, folder, giver, bundle, text).both()


class Playing:
    """A case, played by the official client and by the program."""

    def __init__(self, test: ClientCase, folder: Path, giver: Giver, bundle: Path, case: dict):
        self.test, self.folder, self.giver, self.bundle, self.case = test, folder, giver, bundle, case
        self.config = folder / ".aliyun/config.json"

    def both(self):
        self.official()
        self.program()

    def official(self):
        self.prepare()
        if "files" in self.case:
            kind = ["files"]
        elif self.case.get("official") == "address":
            kind = ["address", self.case["profile"]["credentials_uri"].replace("ADDRESS", self.giver.address)]
        else:
            kind = ["config", str(self.config)]
        ended = self.run([sys.executable, str(HERE / "one.py"), str(self.bundle), *kind])
        found = json.loads(ended.stdout) if ended.returncode == 0 else (None, None, None)
        key = self.case["key"]
        self.test.assertEqual(found[0], key, ended.stderr)
        expected = (f"secret of {key}", token(key)) if key else (None, None)
        self.test.assertEqual(tuple(found[1:]), expected)
        self.judge("official", self.case.get("writes", False))

    def program(self):
        self.prepare()
        arguments = [str(self.test.program), "run", str(self.folder / "night.toml")]
        ended = self.run([*arguments, "--config", str(self.folder / "rutter.toml")])
        key = ours(self.case, "key")
        self.test.assertEqual(self.giver.signed, key and (key, token(key)), ended.stderr)
        self.test.assertEqual(ended.returncode, 2, ended.stderr)
        self.test.assertIn("belongs to 1111111111111111" if key else "the profile `p`", flat(ended.stderr))
        self.test.assertNotIn("secret of", ended.stderr)
        self.judge("ours", ours(self.case, "writes") or False)

    def prepare(self):
        """Writes the files anew: the one before may have changed them."""
        self.giver.asked.clear()
        self.giver.signed = None
        self.giver.answers = {to: filled(answer) for to, answer in self.case["answers"].items()}
        for name in (".aliyun", ".alibabacloud"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            (self.folder / name).mkdir()
        for name, text in self.case.get("files", {}).items():
            self.write(self.folder / ".alibabacloud" / name, text)
        if "profile" in self.case:
            text = json.dumps({"profiles": [{"name": "p"} | self.case["profile"]]})
            self.write(self.config, self.case.get("mark", "") + text)
        self.before = self.files()

    def write(self, path: Path, text: str):
        text = text.replace("ADDRESS", self.giver.address).replace("FOLDER", str(self.folder))
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)

    def files(self) -> dict:
        places = [self.folder / ".aliyun", self.folder / ".alibabacloud"]
        return {path: path.read_bytes() for place in places for path in place.iterdir()}

    def run(self, arguments: list[str]) -> subprocess.CompletedProcess:
        proxy = f"http://{self.giver.address}"
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "HTTP_PROXY": proxy, "HTTPS_PROXY": proxy}
        environment |= {"RUTTER_PROXY": proxy, "RUTTER_CA_FILE": str(self.folder / "authority.pem")}
        for name in self.case.get("without", []):
            del environment[name]
        return subprocess.run(
            arguments, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )

    def judge(self, who: str, writes: bool):
        self.test.assertEqual(self.giver.asked, requests(self.case, who), who)
        self.test.assertEqual(self.files() != self.before, writes, f"what {who} wrote")


def token(key: str) -> str | None:
    """Lasting keys have none."""
    return f"token-of-{key}" if key.startswith("STS.") else None


def flat(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    unittest.main()
