"""What is refused at the door, and every way in which the official clients sign."""

import asyncio

from frame import ClientCase, Key


class Signing(ClientCase):
    def test_every_way_to_sign_is_accepted(self):
        for settings in ({}, {"signature_algorithm": "ACS3-HMAC-SHA256"}, {"signature_algorithm": "v2"}):
            with self.subTest(**settings):
                caller = self.client("sts", **settings).call("get_caller_identity")
                self.assertEqual(caller.account_id, self.account_id("source"))

    def test_the_asynchronous_client_is_answered_too(self):
        client = self.client("sts").client
        caller = asyncio.run(client.get_caller_identity_async()).body
        self.assertEqual(caller.account_id, self.account_id("source"))

    def test_a_wrong_secret_is_a_signature_that_does_not_match(self):
        key = self.key("source")
        for settings in ({}, {"signature_algorithm": "v2"}):
            with self.subTest(**settings):
                forged = self.client("ram", key=Key(key.id, "guessed"), **settings)
                forged.refused("list_roles", "SignatureDoesNotMatch", 400)

    def test_a_key_that_nobody_has_is_not_found(self):
        stranger = self.client("ecs", key=Key("LTAI-clients-stranger", "guessed"))
        stranger.refused("describe_regions", "InvalidAccessKeyId.NotFound", 404)

    def test_a_key_does_not_take_a_token_that_is_not_its_own(self):
        key = self.key("source")
        mixed = self.client("sts", key=Key(key.id, key.secret, "made-up"))
        mixed.refused("get_caller_identity", "InvalidSecurityToken.MismatchWithAccessKey", 400)

    def test_an_action_that_no_api_has_is_not_found(self):
        self.client("ram").refused_generic("PaintRole", "InvalidAction.NotFound", 404)

    def test_what_is_not_simulated_says_so(self):
        self.assertTrue(self.missing, "no action was named that is known and not simulated")
        for product, action in self.missing.items():
            with self.subTest(product=product):
                refusal = self.client(product).refused_generic(action, "NotSimulated", 501)
                self.assertIn(action, refusal.message)
