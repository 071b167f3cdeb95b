"""The official client fetches credentials as `fetched/cases.json` says, each case in a process of its own.

A test of the program plays the same cases and expects the same, but for what a case calls `our` or `by`: where we differ
on purpose, which the chapter on settings explains. Nothing is asked of the simulated cloud.
"""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import certifi

HERE = Path(__file__).resolve().parent / "fetched"
sys.path.insert(0, str(HERE))

from giver import Giver, certificate  # noqa: E402

CASES = json.loads((HERE / "cases.json").read_text())

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


def filled(answer: object) -> object:
    if answer == "KEYS":
        return KEYS
    if isinstance(answer, dict):
        return {name: filled(value) for name, value in answer.items()}
    return answer


class Fetched(unittest.TestCase):
    def test_credentials_are_fetched_alike(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            made = certificate(folder, "sts.cn-hangzhou.aliyuncs.com")
            bundle = folder / "bundle.pem"
            bundle.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + made[0].read_bytes())
            (folder / "token").write_text("header.body/of+token")
            (folder / "printed.json").write_text(json.dumps(PRINTED))
            giver = Giver(made)
            self.addCleanup(giver.server_close)
            self.addCleanup(giver.shutdown)
            for case, text in CASES.items():
                with self.subTest(case):
                    self.play(folder, giver, bundle, text)

    def play(self, folder: Path, giver: Giver, bundle: Path, case: dict):
        giver.asked.clear()
        giver.answers = {to: filled(answer) for to, answer in case["answers"].items()}
        text = json.dumps({"profiles": [{"name": "p"} | case["profile"]]})
        text = text.replace("ADDRESS", giver.address).replace("FOLDER", str(folder))
        config = folder / "config.json"
        config.write_text(case.get("mark", "") + text, encoding="utf-8")
        arguments = [sys.executable, str(HERE / "one.py"), str(config), str(bundle)]
        if case.get("official") == "address":
            arguments.append(case["profile"]["credentials_uri"].replace("ADDRESS", giver.address))
        proxy = f"http://{giver.address}"
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "HTTP_PROXY": proxy, "HTTPS_PROXY": proxy}
        ended = subprocess.run(
            arguments, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
        key, secret, token = json.loads(ended.stdout) if ended.returncode == 0 else (None, None, None)
        self.assertEqual(key, case["key"], ended.stderr)
        self.assertEqual((secret, token), (f"secret of {key}", f"token-of-{key}") if key else (None, None))
        ours = {"by", "our"}
        expected = [
            {name: value for name, value in request.items() if name not in ours}
            for request in case["requests"]
            if request.get("by") != "ours"
        ]
        self.assertEqual(giver.asked, expected)


if __name__ == "__main__":
    unittest.main()
