"""DTS: the older family of its API, in which a synchronisation is bought first and configured then."""

import json

from frame import ClientCase

REGION = {"region_id": "cn-hangzhou"}
PLACE = "PrecheckStatus.Status", "PrecheckStatus.Percent"


class Synchronisations(ClientCase):
    def test_a_synchronisation_from_its_purchase_to_its_release(self):
        self.let_in()
        dts = self.client("dts", "destination")
        bought = dts.call(
            "create_synchronization_job",
            shows=["SynchronizationJobId", "Success"],
            source_region="cn-hangzhou",
            dest_region="cn-hangzhou",
            source_endpoint={"instance_type": "Redis"},
            destination_endpoint={"instance_type": "Redis"},
            pay_type="PostPaid",
            synchronization_job_class="small",
            topology="oneway",
            **REGION,
        )
        job = {"synchronization_job_id": bought.synchronization_job_id, **REGION}
        dts.enveloped("suspend_synchronization_job", "InvalidJobStatus", **job)
        dts.call("configure_synchronization_job", shows=["Success"], **self.configuration(), **job)
        self.assertEqual(self.status(dts, job), "notStarted")
        dts.call("start_synchronization_job", shows=["Success"], **job)
        self.until(lambda: self.status(dts, job), lambda status: status == "synchronizing")
        self.read_while_running(dts, job)
        dts.call("suspend_synchronization_job", shows=["Success"], **job)
        self.assertEqual(self.status(dts, job), "suspending")
        dts.call("delete_synchronization_job", shows=["Success"], **job)
        dts.enveloped("describe_synchronization_job_status", "InvalidJobId", **job)

    def configuration(self) -> dict:
        """From an instance in a VPC of the source account, reached by address and through a role, into the own one."""
        return {
            "synchronization_job_name": "older",
            "data_initialization": True,
            "structure_initialization": True,
            "synchronization_objects": json.dumps([{"DBName": "0", "NewDBName": "0"}]),
            "migration_reserved": json.dumps({"autoStartModulesAfterConfig": "none", "targetTableMode": "2"}),
            "source_endpoint": {
                "instance_type": "Express",
                "instance_id": "vpc-visited",
                "ip": "192.168.7.7",
                "port": "6379",
                "password": "copier:Copier-Example-1",
                "owner_id": self.account_id("source"),
                "role": "for-older-dts",
            },
            "destination_endpoint": {
                "instance_type": "Redis",
                "instance_id": "r-target0000002",
                "password": "Target-Example-1",
            },
        }

    def let_in(self) -> None:
        """The source account trusts DTS on behalf of the destination account."""
        service = f"{self.account_id('destination')}@dts.aliyuncs.com"
        trust = {
            "Version": "1",
            "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": [service]}}],
        }
        ram = self.client("ram", "source")
        role = {"role_name": "for-older-dts"}
        ram.call("create_role", assume_role_policy_document=json.dumps(trust), **role)
        for name in ("AliyunDTSRolePolicy", "AliyunVPCReadOnlyAccess"):
            ram.call("attach_policy_to_role", policy_type="System", policy_name=name, **role)

    def status(self, dts, job: dict) -> str:
        return dts.call("describe_synchronization_job_status", shows=["Status"], **job).status

    def read_while_running(self, dts, job: dict) -> None:
        fields = [
            "SynchronizationJobId",
            "SynchronizationJobName",
            "SynchronizationJobClass",
            "Status",
            "PayType",
            "SourceEndpoint.InstanceType",
            "DestinationEndpoint.InstanceId",
            "DataInitializationStatus.Status",
            "SynchronizationObjects[].SchemaName",
            *PLACE,
        ]
        read = dts.call("describe_synchronization_job_status", shows=[*fields, "DelayMillis", "Success"], **job)
        self.assertEqual((read.source_endpoint.ip, read.precheck_status.status), ("192.168.7.7", "Success"))
        listed = dts.call(
            "describe_synchronization_jobs",
            shows=["TotalRecordCount", "PageNumber", *(f"SynchronizationInstances[].{field}" for field in fields)],
            synchronization_job_name="older",
            **REGION,
        )
        (held,) = listed.synchronization_instances
        self.assertEqual(held.status, "Synchronizing")

    def test_the_addresses_of_dts_are_told(self):
        told = self.client("dts").call(
            "describe_dtsip",
            shows=["DynamicMessage", "Success"],
            source_endpoint_region="cn-hangzhou",
            destination_endpoint_region="cn-beijing",
            **REGION,
        )
        self.assertEqual(len(told.dynamic_message.split(",")), 4)
