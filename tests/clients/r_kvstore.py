"""R-kvstore: Redis and Tair instances."""

import json

from frame import ClientCase

REGION = {"region_id": "cn-hangzhou"}
READ = {"instance_id": "r-read00000001"}


class Instances(ClientCase):
    def test_instances_are_listed(self):
        fields = [
            "InstanceId",
            "InstanceName",
            "InstanceStatus",
            "RegionId",
            "ZoneId",
            "EngineVersion",
            "InstanceType",
            "EditionType",
            "ArchitectureType",
            "InstanceClass",
            "Capacity",
            "NetworkType",
            "VpcId",
            "VSwitchId",
            "ConnectionDomain",
            "Port",
            "ChargeType",
            "CreateTime",
        ]
        listed = self.client("r_kvstore").call(
            "describe_instances",
            shows=[
                "TotalCount",
                "PageNumber",
                "PageSize",
                *(f"Instances.KVStoreInstance[].{field}" for field in fields),
            ],
            instance_ids=READ["instance_id"],
            **REGION,
        )
        (held,) = listed.instances.kvstore_instance
        self.assertEqual((held.instance_status, held.port, held.capacity), ("Normal", 6379, 4096))

    def test_an_instance_is_read_in_full(self):
        redis = self.client("r_kvstore")
        fields = ["InstanceId", "Engine", "EngineVersion", "ConnectionDomain", "Config", "SecurityIPList", "Port"]
        answer = redis.call(
            "describe_instance_attribute",
            shows=[f"Instances.DBInstanceAttribute[].{field}" for field in fields],
            **READ,
        )
        (held,) = answer.instances.dbinstance_attribute
        self.assertEqual(json.loads(held.config)["appendonly"], "yes")
        config = redis.call("describe_instance_config", shows=["Config"], **READ)
        self.assertEqual(json.loads(config.config)["appendonly"], "yes")
        fields = ["ParameterName", "ParameterValue", "ModifiableStatus", "ForceRestart"]
        answer = redis.call(
            "describe_parameters",
            shows=["Engine", "EngineVersion", *(f"RunningParameters.Parameter[].{field}" for field in fields)],
            dbinstance_id=READ["instance_id"],
        )
        names = [held.parameter_name for held in answer.running_parameters.parameter]
        self.assertIn("maxmemory-policy", names)

    def test_encryption_white_lists_and_history(self):
        redis = self.client("r_kvstore")
        tls = redis.call("describe_instance_ssl", shows=["InstanceId", "SSLEnabled"], **READ)
        self.assertEqual(tls.sslenabled, "Disable")
        tde = redis.call("describe_instance_tdestatus", shows=["TDEStatus"], instance_id="r-tair00000001")
        self.assertEqual(tde.tdestatus, "Disabled")
        fields = ["SecurityIpGroupName", "SecurityIpList"]
        groups = redis.call(
            "describe_security_ips", shows=[f"SecurityIpGroups.SecurityIpGroup[].{field}" for field in fields], **READ
        )
        (group,) = groups.security_ip_groups.security_ip_group
        self.assertEqual(group.security_ip_list, "10.0.0.0/8,192.168.1.1")
        history = redis.call(
            "describe_history_monitor_values",
            shows=["MonitorHistory"],
            start_time="2026-01-15T20:00:00Z",
            end_time="2026-01-15T20:10:00Z",
            interval_for_history="01m",
            monitor_keys="UsedMemory",
            **READ,
        )
        self.assertEqual(json.loads(history.monitor_history)["2026-01-15T20:10:00Z"]["UsedMemory"], "100000000")

    def test_addresses_are_let_in_and_turned_away(self):
        redis = self.client("r_kvstore")
        group = {"security_ip_group_name": "clients", "instance_id": "r-tair00000001"}
        redis.call("modify_security_ips", security_ips="100.104.52.0/24,10.1.1.1", modify_mode="Append", **group)
        redis.call("modify_security_ips", security_ips="10.1.1.1", modify_mode="Delete", **group)
        groups = redis.call("describe_security_ips", instance_id="r-tair00000001").security_ip_groups
        held = {one.security_ip_group_name: one.security_ip_list for one in groups.security_ip_group}
        self.assertEqual(held["clients"], "100.104.52.0/24")

    def test_a_cluster_gets_a_direct_endpoint_and_loses_it(self):
        redis = self.client("r_kvstore")
        cluster = {"instance_id": "r-cluster000001"}
        redis.call("allocate_direct_connection", connection_string="clients-direct", port="6380", **cluster)
        redis.refused("release_direct_connection", "InstanceStatus.NotSupport", 403, **cluster)
        direct = self.until(
            lambda: redis.call("describe_dbinstance_net_info", **cluster).net_info_items.instance_net_info,
            lambda items: len(items) == 2,
        )[1]
        self.assertEqual((direct.port, direct.direct_connection), ("6380", 1))
        fields = ["ConnectionString", "IPAddress", "Port", "DBInstanceNetType", "IPType", "VPCId", "VSwitchId"]
        redis.call(
            "describe_dbinstance_net_info",
            shows=["InstanceNetworkType", *(f"NetInfoItems.InstanceNetInfo[].{field}" for field in fields)],
            **cluster,
        )
        redis.call("release_direct_connection", **cluster)

    def test_an_account_is_made_and_deleted(self):
        redis = self.client("r_kvstore")
        account = {"instance_id": "r-tair00000001", "account_name": "copier"}
        make = {"account_password": "Copier-Example-1", "account_privilege": "RoleReadOnly", **account}
        redis.call("create_account", shows=["InstanceId", "AcountName"], account_description="copies", **make)
        redis.refused("create_account", "InvalidAccountName.Duplicate", 400, **make)
        fields = ["AccountName", "AccountStatus", "AccountType", "AccountDescription", "InstanceId"]
        fields.append("DatabasePrivileges.DatabasePrivilege[].AccountPrivilege")
        (held,) = redis.call(
            "describe_accounts", shows=[f"Accounts.Account[].{field}" for field in fields], **account
        ).accounts.account
        self.assertEqual(held.database_privileges.database_privilege[0].account_privilege, "RoleReadOnly")
        redis.call("delete_account", **account)
        redis.refused("delete_account", "InvalidAccountName.NotFound", 404, **account)

    def test_refusals(self):
        redis = self.client("r_kvstore")
        redis.refused("describe_instance_attribute", "InvalidInstanceId.NotFound", 404, instance_id="r-nowhere0000001")
        redis.refused("describe_instance_tdestatus", "InstanceType.NotSupport", 400, **READ)
        self.client("r_kvstore", user="nobody").refused("describe_instances", "Forbidden.RAM", 403, **REGION)
