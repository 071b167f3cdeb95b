"""ECS: servers and their disks, commands on them, images and snapshots."""

import base64

from frame import ClientCase

REGION = {"region_id": "cn-hangzhou"}
READ = "i-read000000001"


class Servers(ClientCase):
    def test_regions_and_zones_are_listed(self):
        ecs = self.client("ecs")
        regions = ecs.call(
            "describe_regions",
            shows=[f"Regions.Region[].{name}" for name in ("RegionId", "LocalName", "RegionEndpoint")],
        )
        self.assertIn("cn-hangzhou", [held.region_id for held in regions.regions.region])
        zones = ecs.call("describe_zones", shows=["Zones.Zone[].ZoneId", "Zones.Zone[].LocalName"], **REGION)
        self.assertIn("cn-hangzhou-h", [held.zone_id for held in zones.zones.zone])

    def test_servers_and_disks_are_read(self):
        ecs = self.client("ecs")
        fields = [
            "InstanceId",
            "InstanceName",
            "Status",
            "RegionId",
            "ZoneId",
            "ImageId",
            "InstanceType",
            "InstanceNetworkType",
            "OSType",
            "CreationTime",
            "VpcAttributes.VpcId",
            "VpcAttributes.PrivateIpAddress.IpAddress",
            "PublicIpAddress.IpAddress",
        ]
        listed = ecs.call(
            "describe_instances",
            shows=["TotalCount", *(f"Instances.Instance[].{field}" for field in fields)],
            instance_ids=f'["{READ}"]',
            **REGION,
        )
        (held,) = listed.instances.instance
        self.assertEqual(held.vpc_attributes.private_ip_address.ip_address, ["192.168.0.10"])
        states = ecs.call(
            "describe_instance_status",
            shows=["TotalCount", "InstanceStatuses.InstanceStatus[].Status"],
            instance_id=[READ],
            **REGION,
        )
        self.assertEqual(states.instance_statuses.instance_status[0].status, "Running")
        agents = ecs.call(
            "describe_cloud_assistant_status",
            shows=[
                "TotalCount",
                "InstanceCloudAssistantStatusSet.InstanceCloudAssistantStatus[].CloudAssistantStatus",
            ],
            instance_id=[READ, "i-read000000002"],
            **REGION,
        )
        first, second = agents.instance_cloud_assistant_status_set.instance_cloud_assistant_status
        self.assertEqual((first.cloud_assistant_status, second.cloud_assistant_status), ("true", "false"))
        fields = ["DiskId", "InstanceId", "RegionId", "Type", "Category", "Size", "Status", "Device"]
        disks = ecs.call(
            "describe_disks",
            shows=["TotalCount", *(f"Disks.Disk[].{field}" for field in fields)],
            instance_id=READ,
            **REGION,
        )
        self.assertEqual([(disk.type, disk.size) for disk in disks.disks.disk], [("system", 40), ("data", 100)])

    def test_servers_are_listed_by_mark_too(self):
        ecs = self.client("ecs")
        seen, token = [], None
        while True:
            page = ecs.call("describe_instances", max_results=1, next_token=token, **REGION)
            seen += [held.instance_id for held in page.instances.instance]
            token = page.next_token
            if not token:
                break
        self.assertLessEqual({READ, "i-read000000002"}, set(seen))

    def test_refusals(self):
        ecs = self.client("ecs")
        ecs.refused("describe_instances", "MissingParameter", 400)
        ecs.refused("delete_image", "InvalidImageId.NotFound", 404, image_id="m-nowhere000001", **REGION)
        ecs.refused("delete_snapshot", "InvalidSnapshotId.NotFound", 404, snapshot_id="s-nowhere000001")
        self.client("ecs", user="nobody").refused("describe_instances", "Forbidden.RAM", 403, **REGION)


class NewServers(ClientCase):
    PLACE = {"region_id": "cn-hangzhou", "v_switch_id": "vsw-new00000001", "security_group_id": "sg-new000000001"}

    def test_what_a_new_server_needs_is_looked_up(self):
        ecs = self.client("ecs")
        fields = [
            f"SecurityGroups.SecurityGroup[].{field}" for field in ("SecurityGroupId", "SecurityGroupName", "VpcId")
        ]
        groups = ecs.call("describe_security_groups", shows=["TotalCount", *fields], vpc_id="vpc-new", **REGION)
        self.assertEqual(groups.security_groups.security_group[0].security_group_id, "sg-new000000001")
        fields = ["InstanceTypeId", "InstanceTypeFamily", "CpuCoreCount", "MemorySize", "CpuArchitecture"]
        types = ecs.call(
            "describe_instance_types",
            shows=[f"InstanceTypes.InstanceType[].{field}" for field in fields],
            instance_types=["ecs.g7.large"],
        )
        self.assertEqual([held.memory_size for held in types.instance_types.instance_type], [8])
        zone = "AvailableZones.AvailableZone[]"
        fields = ["RegionId", "ZoneId", "Status", "StatusCategory", "AvailableResources.AvailableResource[].Type"]
        available = ecs.call(
            "describe_available_resource",
            shows=[f"{zone}.{field}" for field in fields],
            destination_resource="InstanceType",
            instance_type="ecs.g7.large",
            zone_id="cn-hangzhou-h",
            **REGION,
        )
        (offer,) = available.available_zones.available_zone[0].available_resources.available_resource
        self.assertEqual(offer.supported_resources.supported_resource[0].value, "ecs.g7.large")

    def test_a_server_is_made_stopped_started_and_released(self):
        ecs = self.client("ecs")
        made = ecs.call(
            "run_instances",
            shows=["InstanceIdSets.InstanceIdSet"],
            image_id="m-base000000001",
            instance_type="ecs.g7.large",
            instance_name="new",
            system_disk={"category": "cloud_essd", "size": "60"},
            amount=1,
            client_token="make-new",
            **self.PLACE,
        )
        (server,) = made.instance_id_sets.instance_id_set
        self.reach(ecs, server, "Running")
        ecs.refused("delete_instance", "IncorrectInstanceStatus", 403, instance_id=server)
        (disk,) = ecs.call("describe_disks", instance_id=server, **REGION).disks.disk
        self.assertEqual((disk.size, disk.type), (60, "system"))
        ecs.call("stop_instance", instance_id=server)
        self.reach(ecs, server, "Stopped")
        ecs.call("start_instance", instance_id=server)
        self.reach(ecs, server, "Running")
        ecs.call("delete_instance", instance_id=server, force=True)
        ecs.refused("delete_instance", "InvalidInstanceId.NotFound", 404, instance_id=server)

    def reach(self, ecs, server: str, status: str) -> None:
        self.until(
            lambda: ecs.call("describe_instance_status", instance_id=[server], **REGION),
            lambda answer: answer.instance_statuses.instance_status[0].status == status,
        )


class Commands(ClientCase):
    def test_a_command_is_run_and_its_end_is_read(self):
        ecs = self.client("ecs")
        ran = ecs.call(
            "run_command",
            shows=["CommandId", "InvokeId"],
            type="RunShellScript",
            command_content=base64.b64encode(b"exit 3\n").decode(),
            content_encoding="Base64",
            name="ends-with-3",
            timeout=120,
            instance_id=[READ, "i-read000000002"],
            **REGION,
        )
        self.until(
            lambda: ecs.call("describe_invocations", invoke_id=ran.invoke_id, **REGION),
            lambda answer: answer.invocations.invocation[0].invocation_status != "Running",
        )
        fields = [
            "InvokeId",
            "CommandId",
            "CommandType",
            "CommandContent",
            "InvocationStatus",
            "CreationTime",
            "Timeout",
        ]
        runs = ["InstanceId", "InvocationStatus", "CreationTime", "FinishTime", "Output", "Repeats"]
        answer = ecs.call(
            "describe_invocations",
            shows=[
                "TotalCount",
                *(f"Invocations.Invocation[].{field}" for field in fields),
                *(f"Invocations.Invocation[].InvokeInstances.InvokeInstance[].{field}" for field in runs),
            ],
            invoke_id=ran.invoke_id,
            include_output=True,
            **REGION,
        )
        (held,) = answer.invocations.invocation
        self.assertEqual((held.invocation_status, held.command_name), ("Failed", "ends-with-3"))
        fields = ["InvokeId", "CommandId", "InstanceId", "InvocationStatus", "InvokeRecordStatus", "FinishedTime"]
        results = ecs.call(
            "describe_invocation_results",
            shows=[
                "Invocation.TotalCount",
                *(f"Invocation.InvocationResults.InvocationResult[].{field}" for field in fields),
            ],
            invoke_id=ran.invoke_id,
            content_encoding="PlainText",
            **REGION,
        )
        ends = {
            run.instance_id: (run.invocation_status, run.exit_code, run.error_code)
            for run in results.invocation.invocation_results.invocation_result
        }
        self.assertEqual(ends[READ], ("Failed", 3, "ExitCodeNonzero"))
        self.assertEqual(ends["i-read000000002"], ("Invalid", None, "ClientNotRunning"))

    def test_refusals(self):
        self.client("ecs").refused(
            "run_command",
            "InvalidInstance.NotFound",
            404,
            type="RunShellScript",
            command_content="true",
            instance_id=["i-nowhere000001"],
            **REGION,
        )


class Images(ClientCase):
    IMAGE = ["ImageId", "ImageName", "ImageOwnerAlias", "Status", "Progress", "Size", "OSType", "CreationTime"]

    def images(self, ecs, image_id, region="cn-hangzhou", shows=()):
        return ecs.call(
            "describe_images",
            shows=shows,
            image_id=image_id,
            status="Creating,Waiting,Available,UnAvailable,CreateFailed",
            region_id=region,
        )

    def available(self, ecs, image_id, region="cn-hangzhou"):
        self.until(
            lambda: self.images(ecs, image_id, region), lambda answer: answer.images.image[0].status == "Available"
        )
        fields = [*self.IMAGE, "DiskDeviceMappings.DiskDeviceMapping[].SnapshotId"]
        shows = ["TotalCount", "RegionId", *(f"Images.Image[].{field}" for field in fields)]
        (held,) = self.images(ecs, image_id, region, shows).images.image
        return held

    def test_an_image_is_shared_with_another_account(self):
        ecs = self.client("ecs")
        made = ecs.call("create_image", shows=["ImageId"], instance_id=READ, image_name="shared-1", **REGION)
        self.available(ecs, made.image_id)
        shared = {"image_id": made.image_id, **REGION}
        other = "2222222222222222"
        ecs.call("modify_image_share_permission", add_account=[other], **shared)
        held = ecs.call(
            "describe_image_share_permission",
            shows=["ImageId", "RegionId", "TotalCount", "PageNumber", "PageSize", "Accounts.Account[].AliyunId"],
            **shared,
        )
        self.assertEqual([account.aliyun_id for account in held.accounts.account], [other])
        ecs.call("modify_image_share_permission", remove_account=[other], **shared)
        held = ecs.call("describe_image_share_permission", **shared)
        self.assertFalse(held.accounts.account)
        ecs.refused("modify_image_share_permission", "InvalidAccount.NotFound", 404, add_account=["9"], **shared)
        ecs.call("delete_image", **shared)

    def test_an_image_is_made_copied_and_deleted(self):
        ecs = self.client("ecs")
        made = ecs.call(
            "create_image",
            shows=["ImageId"],
            instance_id=READ,
            image_name="of-web-1",
            description="of the tests",
            client_token="make-of-web-1",
            **REGION,
        )
        held = self.available(ecs, made.image_id)
        self.assertEqual(
            (held.image_name, held.is_copied, len(held.disk_device_mappings.disk_device_mapping)),
            ("of-web-1", False, 2),
        )
        copied = ecs.call(
            "copy_image",
            shows=["ImageId"],
            image_id=made.image_id,
            destination_region_id="cn-beijing",
            destination_image_name="of-web-1-copied",
            **REGION,
        )
        copy = self.available(ecs, copied.image_id, "cn-beijing")
        self.assertTrue(copy.is_copied)
        fields = [
            "SnapshotId",
            "SourceDiskId",
            "SourceDiskSize",
            "SourceDiskType",
            "Status",
            "Progress",
            "CreationTime",
            "Usage",
        ]
        snapshots = ecs.call(
            "describe_snapshots",
            shows=["TotalCount", *(f"Snapshots.Snapshot[].{field}" for field in fields)],
            snapshot_ids=f'["{held.disk_device_mappings.disk_device_mapping[0].snapshot_id}"]',
            **REGION,
        )
        self.assertEqual(snapshots.snapshots.snapshot[0].usage, "image")
        ecs.call("delete_image", image_id=copied.image_id, force=True, region_id="cn-beijing")
        ecs.call("delete_image", image_id=made.image_id, **REGION)
        self.assertFalse(self.images(ecs, made.image_id).images.image)

    def test_a_copy_is_called_off(self):
        ecs = self.client("ecs")
        copied = ecs.call(
            "copy_image",
            image_id="m-huge000000001",
            destination_region_id="cn-shenzhen",
            destination_image_name="called-off",
            **REGION,
        )
        there = {"image_id": copied.image_id, "region_id": "cn-shenzhen"}
        ecs.call("cancel_copy_image", **there)
        ecs.refused("cancel_copy_image", "InvalidImageId.NotFound", 404, **there)

    def test_a_snapshot_is_deleted(self):
        ecs = self.client("ecs")
        ecs.call("delete_snapshot", snapshot_id="s-old0000000001")
        listed = ecs.call("describe_snapshots", snapshot_ids='["s-old0000000001"]', **REGION)
        self.assertEqual(listed.total_count, 0)

    def test_refusals(self):
        ecs = self.client("ecs")
        copy = {"image_id": "m-base000000001", **REGION}
        ecs.refused("copy_image", "IncorrectDestinationRegion", 403, destination_region_id="cn-hangzhou", **copy)
        ecs.refused("delete_image", "ImageUsingByInstance", 403, **copy)
        ecs.refused("create_image", "InvalidImageName.Malformed", 400, instance_id=READ, image_name="acs:no", **REGION)
