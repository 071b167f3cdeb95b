"""DTS: a task of the newer API, from its configuration to its end."""

import json

from frame import ClientCase

REGION = {"region_id": "cn-hangzhou"}
TASK = ["DtsJobId", "DtsInstanceID", "DtsJobName", "Status", "CreateTime", "Delay"]


class Tasks(ClientCase):
    def configuration(self, name: str) -> dict:
        """A sync from the source account's instance, which DTS reaches through a role, into the own one."""
        return {
            "dts_job_name": name,
            "job_type": "SYNC",
            "structure_initialization": True,
            "data_initialization": True,
            "data_synchronization": True,
            "source_endpoint_instance_type": "REDIS",
            "source_endpoint_engine_name": "REDIS",
            "source_endpoint_region": "cn-hangzhou",
            "source_endpoint_instance_id": "r-copied0000001",
            "source_endpoint_owner_id": self.account_id("source"),
            "source_endpoint_role": "for-dts",
            "source_endpoint_password": "any",
            "destination_endpoint_instance_type": "REDIS",
            "destination_endpoint_engine_name": "REDIS",
            "destination_endpoint_region": "cn-hangzhou",
            "destination_endpoint_instance_id": "r-target0000001",
            "destination_endpoint_password": "any",
            "db_list": json.dumps({"0": {"name": "0", "all": True}}),
            "reserve": json.dumps({"targetTableMode": "2"}),
            **REGION,
        }

    def let_in(self) -> None:
        """The source account trusts DTS on behalf of the destination account."""
        own = self.account_id("destination")
        principal = {"RAM": [f"acs:ram::{own}:root"], "Service": [f"{own}@dts.aliyuncs.com"]}
        trust = {
            "Version": "1",
            "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": principal}],
        }
        ram = self.client("ram", "source")
        if any(role.role_name == "for-dts" for role in ram.call("list_roles", max_items=1000).roles.role):
            return
        ram.call("create_role", role_name="for-dts", assume_role_policy_document=json.dumps(trust))
        ram.call("attach_policy_to_role", policy_type="System", policy_name="AliyunDTSRolePolicy", role_name="for-dts")

    def status(self, dts, job: dict) -> str:
        return dts.call("describe_dts_job_detail", shows=["Status"], **job).status

    def reach(self, dts, job: dict, *statuses: str) -> None:
        self.until(lambda: self.status(dts, job), lambda status: status in statuses)

    def test_a_task_from_its_configuration_to_its_end(self):
        self.let_in()
        dts = self.client("dts", "destination")
        made = dts.call(
            "configure_dts_job", shows=["DtsJobId", "DtsInstanceId", "Success"], **self.configuration("whole-life")
        )
        job = {"dts_job_id": made.dts_job_id, **REGION}
        self.until(
            lambda: dts.call("describe_pre_check_status", job_code="01", **job),
            lambda answer: answer.state == "Finished",
        )
        fields = ["Item", "Names", "State", "OrderNum", "CanSkip", "IgnoreFlag"]
        answer = dts.call(
            "describe_pre_check_status",
            shows=["State", "Total", "ErrorItem", *(f"JobProgress[].{field}" for field in fields)],
            job_code="01",
            page_size="100",
            **job,
        )
        self.assertEqual({item.state for item in answer.job_progress}, {"Success"})
        bought = dts.call(
            "create_dts_instance",
            shows=["InstanceId", "JobId", "Success"],
            job_id=made.dts_job_id,
            pay_type="PostPaid",
            instance_class="small",
            **REGION,
        )
        self.assertEqual((bought.job_id, bought.instance_id), (made.dts_job_id, made.dts_instance_id))
        dts.call("start_dts_job", shows=["Success"], **job)
        self.reach(dts, job, "synchronizing")
        self.read_while_running(dts, job)
        dts.call("suspend_dts_job", shows=["Success"], **job)
        self.reach(dts, job, "Suspending")
        dts.call("start_dts_job", shows=["Success"], **job)
        dts.call("stop_dts_job", shows=["Success"], **job)
        dts.call("delete_dts_job", shows=["Success"], **job)
        listed = dts.call("describe_dts_jobs", job_type="SYNC", dts_job_id=made.dts_job_id, **REGION)
        self.assertEqual(listed.total_record_count, 0)

    def read_while_running(self, dts, job: dict) -> None:
        ends = [f"{side}Endpoint.{name}" for side in ("Source", "Destination") for name in ("InstanceID", "EngineName")]
        detail = dts.call(
            "describe_dts_job_detail",
            shows=[*TASK, *ends, "DbObject", "MigrationMode.DataSynchronization", "Success"],
            **job,
        )
        self.assertEqual(detail.source_endpoint.instance_id, "r-copied0000001")
        self.assertLess(detail.delay, 10_000)
        listed = dts.call(
            "describe_dts_jobs",
            shows=[
                "TotalRecordCount",
                "PageRecordCount",
                "PageNumber",
                *(f"DtsJobList[].{field}" for field in [*TASK, "PrecheckStatus.Status", "PrecheckStatus.Percent"]),
            ],
            job_type="SYNC",
            dts_job_id=job["dts_job_id"],
            **REGION,
        )
        (held,) = listed.dts_job_list
        self.assertEqual(held.dts_job_name, "whole-life")

    def test_alert_rules_are_set_and_read(self):
        self.let_in()
        dts = self.client("dts", "destination")
        wanted = self.configuration("alerts") | {"reserve": json.dumps({"autoStartModulesAfterConfig": "none"})}
        job = {"dts_job_id": dts.call("configure_dts_job", **wanted).dts_job_id, **REGION}
        dts.call(
            "create_job_monitor_rule", shows=["DtsJobId", "Success"], type="delay", delay_rule_time=60, phone="1", **job
        )
        fields = ["JobId", "Type", "State", "DelayRuleTime", "Phone"]
        rules = dts.call(
            "describe_job_monitor_rule", shows=["DtsJobId", *(f"MonitorRules[].{field}" for field in fields)], **job
        )
        self.assertEqual([(rule.type, rule.delay_rule_time) for rule in rules.monitor_rules], [("delay", 60)])
        dts.refused("create_job_monitor_rule", "MissingParameter.DelayRuleTime", 400, type="delay", **job)
        dts.call("delete_dts_job", **job)

    def test_a_warning_is_skipped(self):
        self.let_in()
        dts = self.client("dts", "destination")
        configuration = self.configuration("skips") | {
            # The check of the destination's emptiness fails, and may be overlooked.
            "source_endpoint_instance_id": "r-copied0000001",
            "destination_endpoint_instance_id": "r-filled0000001",
            "reserve": json.dumps({"targetTableMode": "0"}),
        }
        job = {"dts_job_id": dts.call("configure_dts_job", **configuration).dts_job_id, **REGION}
        answer = self.until(
            lambda: dts.call("describe_pre_check_status", job_code="01", page_size="100", **job),
            lambda answer: answer.state == "Failed",
        )
        (failed,) = [item for item in answer.job_progress if item.state == "Failed"]
        self.assertTrue(failed.can_skip)
        self.assertTrue(failed.err_msg)
        skipped = dts.call(
            "skip_pre_check", shows=["Success", "SkipItems"], skip=True, skip_pre_check_items=failed.item, **job
        )
        self.assertEqual(skipped.skip_items, failed.item)
        dts.call("delete_dts_job", **job)

    def test_tasks_are_read_in_every_state(self):
        dts = self.client("dts", "source")
        states = {
            "lnotstarted": "NotStarted",
            "lsuspended": "Suspending",
            "lcopyfailed": "MigrationFailed",
            "lfailed": "MigrationFailed",
            "llocked": "Locked",
            "lfinished": "Finished",
        }
        for task, status in states.items():
            with self.subTest(task=task):
                self.assertEqual(self.status(dts, {"dts_job_id": task, **REGION}), status)
                listed = dts.call("describe_dts_jobs", job_type="MIGRATION", dts_job_id=task, **REGION)
                self.assertEqual([held.status for held in listed.dts_job_list], [status])
                for stage in ("01", "02", "03", "04"):
                    dts.call("describe_pre_check_status", shows=["State"], job_code=stage, dts_job_id=task, **REGION)

    def test_refusals(self):
        dts = self.client("dts", "destination")
        dts.enveloped("describe_dts_job_detail", "InvalidJobId", dts_job_id="nowhere", **REGION)
        dts.refused(
            "configure_dts_job", "InvalidParameter", 400, **self.configuration("no-databases") | {"db_list": "{}"}
        )
        self.client("dts", user="nobody").enveloped(
            "describe_dts_jobs", "DTS.Msg.RamPermissionDenied", job_type="SYNC", **REGION
        )
