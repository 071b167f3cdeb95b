"""SMC: activation codes, migration sources and jobs."""

from frame import ClientCase

REGION = {"region_id": "cn-hangzhou"}


class Codes(ClientCase):
    def test_an_activation_code_from_the_first_call_to_the_last(self):
        smc = self.client("smc", "destination")
        made = smc.call(
            "create_access_token",
            shows=["AccessTokenId", "AccessTokenCode"],
            name="for-one",
            description="of the tests",
            count="1",
            time_to_live_in_days="1",
        )
        token = {"access_token_id": made.access_token_id}
        fields = [
            "AccessTokenId",
            "Name",
            "Description",
            "Count",
            "RegisteredCount",
            "TimeToLiveInDays",
            "Status",
            "CreationTime",
        ]
        shows = ["TotalCount", *(f"AccessTokens.AccessToken[].{field}" for field in fields)]
        (held,) = smc.call(
            "list_access_tokens", shows=shows, access_token_id=[made.access_token_id]
        ).access_tokens.access_token
        self.assertEqual((held.name, held.status), ("for-one", "activated"))
        smc.call("disable_access_token", **token)
        (held,) = smc.call("list_access_tokens", name="for-one").access_tokens.access_token
        self.assertEqual(held.status, "unactivated")
        smc.call("delete_access_token", **token)
        self.assertEqual(smc.call("list_access_tokens", name="for-one").total_count, 0)


class Migrations(ClientCase):
    def test_a_server_is_imported_migrated_and_forgotten(self):
        smc = self.client("smc", "destination")
        source = {"source_id": self.imported(smc)}
        made = smc.call(
            "create_replication_job",
            shows=["JobId"],
            name="moves-it",
            description="of the tests",
            target_type="Image",
            image_name="moved-by-smc",
            client_token="move-it",
            **REGION,
            **source,
        )
        job = {"job_id": made.job_id}
        smc.call("start_replication_job", **job)
        self.until(
            lambda: smc.call("describe_replication_jobs", job_id=[made.job_id]),
            lambda answer: answer.replication_jobs.replication_job[0].status == "Finished",
        )
        fields = [
            "JobId",
            "Name",
            "SourceId",
            "RegionId",
            "Status",
            "TargetType",
            "Progress",
            "ImageId",
            "CreationTime",
        ]
        answer = smc.call(
            "describe_replication_jobs",
            shows=[
                "TotalCount",
                "PageNumber",
                "PageSize",
                *(f"ReplicationJobs.ReplicationJob[].{field}" for field in fields),
            ],
            job_id=[made.job_id],
        )
        (held,) = answer.replication_jobs.replication_job
        self.assertTrue(held.image_id)
        smc.call("delete_replication_job", **job)
        smc.call("delete_source_server", force=True, **source)

    def test_a_job_is_stopped_changed_and_deleted(self):
        smc = self.client("smc", "destination")
        made = smc.call(
            "create_replication_job",
            name="stopped",
            source_id="s-huge000000001",
            image_name="never-made",
            data_disk=[{"index": 1, "size": 420}],
            **REGION,
        )
        job = {"job_id": made.job_id}
        smc.call("start_replication_job", **job)
        smc.refused("delete_replication_job", "ReplicationJob.InvalidStatus", 400, **job)
        held = self.until(lambda: self.job(smc, made.job_id), lambda held: held.business_status == "Syncing")
        self.assertEqual((held.status, held.data_disks.data_disk[0].size), ("Running", 420))
        smc.call("stop_replication_job", **job)
        smc.call("modify_replication_job_attribute", name="changed", description="of the tests", **job)
        held = self.job(smc, made.job_id)
        self.assertEqual((held.status, held.name, held.description), ("Stopped", "changed", "of the tests"))
        smc.call("delete_replication_job", **job)

    def test_a_job_that_repeats_is_cut_over(self):
        smc = self.client("smc", "destination")
        made = smc.call(
            "create_replication_job",
            name="repeats",
            source_id="s-often00000001",
            image_name="made-again",
            run_once=False,
            frequency=12,
            max_number_of_image_to_keep=2,
            **REGION,
        )
        job = {"job_id": made.job_id}
        smc.refused("cut_over_replication_job", "ReplicationJob.InvalidStatus", 400, **job)
        smc.call("start_replication_job", **job)
        held = self.until(lambda: self.job(smc, made.job_id), lambda held: held.status == "Waiting")
        self.assertEqual((held.run_once, held.frequency, held.max_number_of_image_to_keep), (False, 12, 2))
        (run,) = held.replication_job_runs.replication_job_run
        self.assertTrue(run.image_id)
        smc.call("cut_over_replication_job", **job)
        self.assertEqual(self.job(smc, made.job_id).status, "Finished")

    def job(self, smc, job_id):
        (held,) = smc.call("describe_replication_jobs", job_id=[job_id]).replication_jobs.replication_job
        return held

    def imported(self, smc) -> str:
        """Runs the client on a server of the other account with a code of this one."""
        code = smc.call("create_access_token", name="for-the-import")
        ecs = self.client("ecs", "source")
        words = f"smc_client --access-token-id {code.access_token_id} --access-token-code {code.access_token_code}"
        ecs.call(
            "run_command",
            type="RunShellScript",
            command_content=f"/smc/{words} --name imported\n",
            timeout=900,
            instance_id=["i-moved00000001"],
            **REGION,
        )
        answer = self.until(
            lambda: smc.call("describe_source_servers", name="imported"),
            lambda answer: [held.state for held in answer.source_servers.source_server] == ["Available"],
        )
        fields = [
            "SourceId",
            "Name",
            "State",
            "SystemInfo",
            "Platform",
            "Architecture",
            "AgentVersion",
            "SystemDiskSize",
            "DataDisks.DataDisk[].Size",
            "CreationTime",
        ]
        smc.call(
            "describe_source_servers",
            shows=["TotalCount", *(f"SourceServers.SourceServer[].{field}" for field in fields)],
            name="imported",
        )
        return answer.source_servers.source_server[0].source_id

    def test_refusals(self):
        smc = self.client("smc", "destination")
        smc.refused("start_replication_job", "InvalidParameter", 400, job_id="j-nowhere000001")
        smc.refused("create_replication_job", "InvalidParameter", 400, source_id="s-nowhere000001", **REGION)
        smc.refused("create_replication_job", "MissingSourceId", 400, **REGION)
        self.client("smc", user="nobody").refused("list_access_tokens", "Forbidden.Unauthorized", 403)
