"""STS: who am I, and temporary credentials."""

import json

from frame import ClientCase, Key

IDENTITY = ["AccountId", "Arn", "IdentityType", "PrincipalId"]


class Identities(ClientCase):
    def test_each_kind_of_identity_is_named(self):
        user = self.client("sts").call("get_caller_identity", shows=[*IDENTITY, "UserId"])
        self.assertEqual((user.identity_type, user.account_id), ("RAMUser", self.account_id("source")))
        root = self.client("sts", user="root").call("get_caller_identity", shows=[*IDENTITY, "UserId"])
        self.assertEqual((root.identity_type, root.user_id), ("Account", self.account_id("source")))


class Roles(ClientCase):
    def test_a_role_of_another_account_is_assumed_and_used(self):
        """The roundabout of every migration between accounts: trust, assume, act in the other's name."""
        ram = self.client("ram", "source")
        owner, trusted = self.account_id("source"), self.account_id("destination")
        trust = {
            "Version": "1",
            "Statement": [
                {
                    "Action": "sts:AssumeRole",
                    "Effect": "Allow",
                    "Principal": {"RAM": [f"acs:ram::{trusted}:root"]},
                }
            ],
        }
        ram.call("create_role", role_name="lent", assume_role_policy_document=json.dumps(trust))
        ram.call("attach_policy_to_role", policy_type="System", policy_name="AliyunRAMReadOnlyAccess", role_name="lent")
        arn = f"acs:ram::{owner}:role/lent"
        sts = self.client("sts", "destination")
        answer = sts.call(
            "assume_role",
            shows=[
                "AssumedRoleUser.Arn",
                "AssumedRoleUser.AssumedRoleId",
                "Credentials.AccessKeyId",
                "Credentials.AccessKeySecret",
                "Credentials.Expiration",
                "Credentials.SecurityToken",
            ],
            role_arn=arn,
            role_session_name="clients",
            duration_seconds=900,
        )
        lent = answer.credentials
        key = Key(lent.access_key_id, lent.access_key_secret, lent.security_token)

        for settings in ({}, {"signature_algorithm": "v2"}):
            caller = self.client("sts", key=key, **settings).call("get_caller_identity", shows=[*IDENTITY, "RoleId"])
            self.assertEqual((caller.identity_type, caller.account_id), ("AssumedRoleUser", owner))
            self.assertEqual(caller.arn, f"acs:ram::{owner}:assumed-role/lent/clients")
        session = self.client("ram", key=key)
        self.assertEqual(session.call("get_role", role_name="lent").role.arn, arn)
        session.refused("delete_role", "NoPermission", 403, role_name="lent")
        bare = self.client("ram", key=Key(key.id, key.secret))
        bare.refused("list_roles", "InvalidSecurityToken.MismatchWithAccessKey", 400)

    def test_refusals(self):
        sts = self.client("sts", "destination")
        nowhere = f"acs:ram::{self.account_id('source')}:role/nowhere"
        session = {"role_session_name": "clients"}
        sts.refused("assume_role", "EntityNotExist.Role", 404, role_arn=nowhere, **session)
        sts.refused("assume_role", "InvalidParameter.RoleArn", 400, role_arn="nowhere", **session)
        self.client("sts", user="root").refused("assume_role", "NoPermission", 403, role_arn=nowhere, **session)


class Tokens(ClientCase):
    def parameters(self, **other) -> dict:
        account = self.account_id("source")
        return {
            "oidcprovider_arn": f"acs:ram::{account}:oidc-provider/cluster",
            "role_arn": f"acs:ram::{account}:role/pod",
            "oidctoken": "token.of/a+pod",
            "role_session_name": "clients",
        } | other

    def test_a_role_is_opened_for_a_token_that_nobody_signs(self):
        for settings in ({}, {"signature_algorithm": "v2"}):
            sts = self.client("sts", key=Key("nobody", "signs"), **settings)
            answer = sts.call(
                "assume_role_with_oidc",
                shows=[
                    "AssumedRoleUser.Arn",
                    "AssumedRoleUser.AssumedRoleId",
                    "Credentials.AccessKeyId",
                    "Credentials.AccessKeySecret",
                    "Credentials.Expiration",
                    "Credentials.SecurityToken",
                    "OIDCTokenInfo.ClientIds",
                    "OIDCTokenInfo.ExpirationTime",
                    "OIDCTokenInfo.IssuanceTime",
                    "OIDCTokenInfo.Issuer",
                    "OIDCTokenInfo.Subject",
                    "OIDCTokenInfo.VerificationInfo",
                ],
                **self.parameters(duration_seconds=900),
            )
            lent = answer.credentials
            key = Key(lent.access_key_id, lent.access_key_secret, lent.security_token)
            caller = self.client("sts", key=key).call("get_caller_identity", shows=[*IDENTITY, "RoleId"])
            self.assertEqual(caller.arn, f"acs:ram::{self.account_id('source')}:assumed-role/pod/clients")
            session = self.client("ram", key=key)
            self.assertEqual(session.call("get_role", role_name="pod").role.role_name, "pod")
            session.refused("delete_role", "NoPermission", 403, role_name="pod")

    def test_refusals_of_tokens(self):
        sts = self.client("sts")
        elsewhere = f"acs:ram::{self.account_id('destination')}:oidc-provider/cluster"
        nowhere = f"acs:ram::{self.account_id('source')}:role/nowhere"
        for code, status, other in (
            ("AuthenticationFail.OIDCToken.Invalid", 400, {"oidctoken": "token.of/nobody"}),
            ("AuthenticationFail.OIDCToken.Expired", 400, {"oidctoken": "token.of/yesterday"}),
            ("AuthenticationFail.NoPermission", 403, {"oidctoken": "token.of/another"}),
            ("AuthenticationFail.NoPermission", 403, {"oidcprovider_arn": elsewhere}),
            ("EntityNotExist.Role", 404, {"role_arn": nowhere}),
            ("InvalidParameter.DurationSeconds", 400, {"duration_seconds": 7200}),
            ("InvalidParameter.PolicyGrammar", 400, {"policy": "{}"}),
        ):
            sts.refused("assume_role_with_oidc", code, status, **self.parameters(**other))
