"""RAM: roles, policies, their versions, and what is attached to what."""

import json

from frame import ClientCase

TRUST = json.dumps(
    {
        "Version": "1",
        "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": ["ecs.aliyuncs.com"]}}],
    }
)

ROLE = ["RoleId", "RoleName", "Arn", "CreateDate", "Description", "MaxSessionDuration", "AssumeRolePolicyDocument"]


def policy(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "1", "Statement": [statement]})


def inside(place: str, names: list[str]) -> list[str]:
    return [f"{place}.{name}" for name in names]


class Roles(ClientCase):
    def test_a_role_from_the_first_call_to_the_last(self):
        ram = self.client("ram")
        name = {"role_name": "painter"}
        made = ram.call(
            "create_role",
            shows=inside("Role", ROLE),
            assume_role_policy_document=TRUST,
            description="paints",
            max_session_duration=7200,
            **name,
        ).role
        self.assertEqual((made.role_name, made.max_session_duration), ("painter", 7200))
        self.assertEqual(json.loads(made.assume_role_policy_document), json.loads(TRUST))
        shows = inside("Role", [*ROLE, "UpdateDate", "RolePrincipalName", "IsServiceLinkedRole"])
        read = ram.call("get_role", shows=shows, **name).role
        self.assertEqual(read.to_map() | made.to_map(), read.to_map())
        altered = ram.call("update_role", shows=inside("Role", ROLE), new_description="rests", **name)
        self.assertEqual(altered.role.description, "rests")
        ram.call("delete_role", **name)
        ram.refused("get_role", "EntityNotExist.Role", 404, **name)

    def test_roles_are_listed_page_by_page(self):
        ram = self.client("ram")
        names = [f"listed-{number}" for number in range(3)]
        for name in names:
            ram.call("create_role", role_name=name, assume_role_policy_document=TRUST)
        listed, marker = [], None
        shows = ["IsTruncated", *inside("Roles.Role[]", ["RoleId", "RoleName", "Arn", "CreateDate"])]
        while True:
            page = ram.call("list_roles", shows=shows, max_items=1, marker=marker)
            listed += [role.role_name for role in page.roles.role]
            if not page.is_truncated:
                break
            marker = page.marker
            self.assertTrue(marker)
        self.assertLessEqual(set(names), set(listed))
        self.assertEqual(len(listed), len(set(listed)))
        for name in names:
            ram.call("delete_role", role_name=name)

    def test_refusals(self):
        ram = self.client("ram")
        ram.refused("get_role", "EntityNotExist.Role", 404, role_name="nobody-made-it")
        ram.refused("get_role", "MissingRoleName", 400)
        make = {"role_name": "twice", "assume_role_policy_document": TRUST}
        ram.call("create_role", **make)
        ram.refused("create_role", "EntityAlreadyExists.Role", 409, **make)
        ram.call("delete_role", role_name="twice")
        broken = {"role_name": "broken", "assume_role_policy_document": "{"}
        ram.refused("create_role", "MalformedPolicyDocument", 400, **broken)
        self.client("ram", user="nobody").refused("list_roles", "NoPermission", 403)


class Policies(ClientCase):
    def test_a_policy_and_its_versions(self):
        ram = self.client("ram")
        name, custom = {"policy_name": "paint"}, {"policy_type": "Custom"}
        made = ram.call(
            "create_policy",
            shows=inside("Policy", ["PolicyName", "PolicyType", "Description", "DefaultVersion", "CreateDate"]),
            policy_document=policy("ecs:Describe*"),
            description="first",
            **name,
        ).policy
        self.assertEqual((made.policy_type, made.default_version), ("Custom", "v1"))
        second = ram.call(
            "create_policy_version",
            shows=inside("PolicyVersion", ["VersionId", "IsDefaultVersion", "PolicyDocument", "CreateDate"]),
            policy_document=policy("ecs:*"),
            set_as_default=True,
            **name,
        ).policy_version
        self.assertEqual((second.version_id, second.is_default_version), ("v2", True))
        read = ram.call(
            "get_policy",
            shows=[
                *inside("Policy", ["PolicyName", "PolicyType", "DefaultVersion", "AttachmentCount", "UpdateDate"]),
                *inside("DefaultPolicyVersion", ["VersionId", "PolicyDocument", "IsDefaultVersion"]),
            ],
            **name,
            **custom,
        )
        self.assertEqual(read.default_policy_version.version_id, "v2")
        version = ram.call("get_policy_version", version_id="v1", **name, **custom).policy_version
        self.assertEqual(json.loads(version.policy_document), json.loads(policy("ecs:Describe*")))
        versions = ram.call(
            "list_policy_versions",
            shows=inside("PolicyVersions.PolicyVersion[]", ["VersionId", "IsDefaultVersion", "CreateDate"]),
            **name,
            **custom,
        )
        self.assertEqual([held.version_id for held in versions.policy_versions.policy_version], ["v1", "v2"])
        ram.refused("delete_policy_version", "DeleteConflict.Policy.Version.Default", 409, version_id="v2", **name)
        ram.call("set_default_policy_version", version_id="v1", **name)
        ram.call("delete_policy_version", version_id="v2", **name)
        ram.call("delete_policy", **name)
        ram.refused("get_policy", "EntityNotExist.Policy", 404, **name, **custom)

    def test_policies_are_listed_by_type(self):
        fields = ["PolicyName", "PolicyType", "DefaultVersion", "AttachmentCount", "CreateDate", "UpdateDate"]
        listed = self.client("ram").call(
            "list_policies",
            shows=["IsTruncated", *inside("Policies.Policy[]", fields)],
            policy_type="System",
            max_items=1000,
        )
        names = [held.policy_name for held in listed.policies.policy]
        self.assertIn("AliyunDTSRolePolicy", names)

    def test_the_policies_of_a_user_are_listed(self):
        ram = self.client("ram")
        fields = ["PolicyName", "PolicyType", "DefaultVersion", "AttachDate"]
        held = ram.call("list_policies_for_user", shows=inside("Policies.Policy[]", fields), user_name="operator")
        self.assertEqual([one.policy_name for one in held.policies.policy], ["AdministratorAccess"])
        ram.refused("list_policies_for_user", "EntityNotExist.User", 404, user_name="nobody-made-it")

    def test_a_policy_is_attached_to_a_role(self):
        ram = self.client("ram")
        role = {"role_name": "carrier"}
        named = {"policy_type": "System", "policy_name": "AliyunSMCReadOnlyAccess"}
        ram.call("create_role", assume_role_policy_document=TRUST, **role)
        ram.call("attach_policy_to_role", **named, **role)
        ram.refused("attach_policy_to_role", "EntityAlreadyExists.Role.Policy", 409, **named, **role)
        fields = ["PolicyName", "PolicyType", "DefaultVersion", "AttachDate"]
        held = ram.call("list_policies_for_role", shows=inside("Policies.Policy[]", fields), **role)
        self.assertEqual([one.policy_name for one in held.policies.policy], [named["policy_name"]])
        fields = ["RoleId", "RoleName", "Arn", "AttachDate"]
        holders = ram.call("list_entities_for_policy", shows=inside("Roles.Role[]", fields), **named)
        self.assertEqual([one.role_name for one in holders.roles.role], ["carrier"])
        ram.refused("delete_role", "DeleteConflict.Role.Policy", 409, **role)
        ram.call("detach_policy_from_role", **named, **role)
        ram.refused("detach_policy_from_role", "EntityNotExist.Role.Policy", 404, **named, **role)
        ram.call("delete_role", **role)
