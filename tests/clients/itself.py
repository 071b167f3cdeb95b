"""The judging of answers itself: a judge that finds nothing wrong with anything would let every test pass."""

import unittest

from alibabacloud_ecs20140526.models import DescribeDisksResponseBody
from alibabacloud_ram20150501.models import ListRolesResponseBody
from alibabacloud_smc20190601.models import ListAccessTokensResponseBody

from frame import shape


def judged(model: type, raw: dict) -> list[str]:
    return shape.differences(raw, model().from_map(raw))


class Judging(unittest.TestCase):
    def test_a_right_answer_is_right(self):
        role = {"RoleName": "a", "MaxSessionDuration": 3600}
        self.assertEqual(judged(ListRolesResponseBody, {"IsTruncated": False, "Roles": {"Role": [role, role]}}), [])
        self.assertEqual(judged(ListRolesResponseBody, {"Roles": {"Role": []}}), [])

    def test_fields_that_no_model_has_are_found_at_every_depth(self):
        self.assertEqual(
            judged(ListRolesResponseBody, {"Count": 1, "Roles": {"Role": [{"Colour": "red"}, {"RoleName": "a"}]}}),
            [
                "Count is not a field of the client's model",
                "Roles.Role[].Colour is not a field of the client's model",
            ],
        )
        # The older generation of the models.
        self.assertEqual(
            judged(ListAccessTokensResponseBody, {"AccessTokens": {"AccessToken": [{"Colour": "red"}]}}),
            ["AccessTokens.AccessToken[].Colour is not a field of the client's model"],
        )

    def test_values_of_another_type_are_found(self):
        for value, declared in (("40", "int"), (True, "int"), (4.5, "int")):
            problems = judged(DescribeDisksResponseBody, {"TotalCount": value})
            self.assertEqual(problems, [f"total_count is {value!r}, and `{declared}` is declared"])
        disk = {"DiskId": 1, "Portable": "true"}
        self.assertEqual(
            judged(DescribeDisksResponseBody, {"Disks": {"Disk": [disk]}}),
            [
                "disks.disk[].disk_id is 1, and `str` is declared",
                "disks.disk[].portable is 'true', and `bool` is declared",
            ],
        )

    def test_a_null_is_found(self):
        self.assertEqual(
            judged(ListRolesResponseBody, {"Marker": None}), ["Marker is null, which the cloud leaves out"]
        )

    def test_what_must_be_shown_and_is_not_is_found(self):
        raw = {"A": {"B": [{"C": 1}, {"D": ""}]}, "E": []}
        self.assertEqual(shape.missing(raw, ["A", "A.B", "A.B[]", "E"]), [])
        self.assertEqual(
            shape.missing(raw, ["A.B[].C", "A.X", "E[].F", "A.B.C"]),
            ["A.B[].C is missing", "A.X is missing", "E[].F is missing", "A.B.C is missing"],
        )
