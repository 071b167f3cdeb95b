//! Migration sources: servers whose SMC client registered.

use serde_json::{Value, json};

use super::job;
use crate::answer::{Answer, Refusal};
use crate::ecs::{GIB, used_bytes};
use crate::file::{EcsFile, Os, SourceFile};
use crate::paging::{Sizes, numbered};
use crate::scene::Scene;
use crate::time;

#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub name: String,
    /// The server's id, which SMC itself does not show.
    pub instance: String,
    /// The server as it was when its client registered.
    pub server: EcsFile,
    /// When it is listed first.
    pub appears_ms: i64,
    /// When the import is done; `None` if it was cut off.
    pub available_ms: Option<i64>,
    /// When the client went away.
    pub offline_ms: Option<i64>,
    pub deleting_ms: Option<i64>,
}

impl Source {
    /// A source that is there when the world begins.
    pub fn from_file(file: SourceFile, server: EcsFile, start_ms: i64) -> Self {
        Self {
            name: if file.name.is_empty() {
                file.server
            } else {
                file.name
            },
            instance: server.id.clone(),
            server,
            appears_ms: start_ms,
            available_ms: Some(start_ms),
            offline_ms: file.offline.then_some(start_ms),
            deleting_ms: None,
        }
    }

    pub fn is_deleting(&self) -> bool {
        self.deleting_ms.is_some()
    }

    pub fn is_offline(&self, now: i64) -> bool {
        self.offline_ms.is_some_and(|at| at <= now)
    }

    pub fn is_available(&self, now: i64) -> bool {
        !self.is_deleting()
            && !self.is_offline(now)
            && self.available_ms.is_some_and(|at| at <= now)
    }

    /// Returns whether it is listed: it has registered and is not gone.
    pub fn is_listed(&self, now: i64, delete_ms: i64) -> bool {
        self.appears_ms <= now
            && self
                .deleting_ms
                .is_none_or(|at| now < at.saturating_add(delete_ms))
    }

    pub fn bytes(&self) -> u64 {
        self.server
            .disks
            .iter()
            .fold(0, |sum, disk| sum.saturating_add(used_bytes(disk)))
    }

    pub fn lasting(&self) -> Value {
        json!({ "name": self.name })
    }

    fn state(&self, now: i64, is_used: bool) -> &'static str {
        match () {
            () if self.is_deleting() => "Deleting",
            () if !self.is_available(now) => "Unavailable",
            () if is_used => "InUse",
            () => "Available",
        }
    }

    fn status_info(&self, now: i64) -> String {
        let (code, message) = match () {
            () if self.is_offline(now) => ("ClientOffline", "The SMC client is not connected."),
            () if self.available_ms.is_none() => (
                "ImportInterrupted",
                "The SMC client was ended before the import was done.",
            ),
            () => return String::new(),
        };
        json!({ "error_code": code, "error_msg": message }).to_string()
    }
}

pub(super) fn describe(scene: &mut Scene<'_>) -> Answer {
    let parameters = scene.parameters;
    let ids = parameters.list("SourceId");
    let delete_ms = scene.settings().durations.smc_delete.0;
    let is = |parameter: &str, value: &str| {
        parameters
            .filled(parameter)
            .is_none_or(|wanted| wanted == value)
    };
    let mut found = Vec::new();
    for (id, source) in scene.account().smc.sources.named(&ids) {
        let fields = fields(scene, id, source);
        let fits = source.is_listed(scene.now, delete_ms)
            && is("Name", &source.name)
            && is("State", fields["State"].as_str().unwrap_or_default())
            && is("JobId", fields["JobId"].as_str().unwrap_or_default());
        if fits {
            found.push(fields);
        }
    }
    let (page, mut answer) = numbered(
        parameters,
        Sizes {
            default: 10,
            most: 50,
        },
        found,
    );
    answer["SourceServers"] = json!({ "SourceServer": page });
    Ok(answer)
}

fn fields(scene: &Scene<'_>, id: &str, source: &Source) -> Value {
    let now = scene.now;
    let jobs = &scene.account().smc.jobs;
    let job = jobs
        .iter()
        .find(|(_, job)| job.source == id && job.is_unfinished(now));
    let is_used = job.is_some_and(|(_, job)| job.status(now) == "Running");
    let system = source.server.disks.first().map_or(40, |disk| disk.size_gb);
    let disks: Vec<Value> = source
        .server
        .disks
        .iter()
        .enumerate()
        .skip(1)
        .map(|(index, disk)| json!({ "Index": index, "Size": disk.size_gb, "Path": format!("/data{index}") }))
        .collect();
    let hostname = if source.server.hostname.is_empty() {
        &source.server.id
    } else {
        &source.server.hostname
    };
    json!({
        "SourceId": id,
        "Name": source.name,
        "Description": "",
        "State": source.state(now, is_used),
        "StatusInfo": source.status_info(now),
        "ErrorCode": "",
        "JobId": job.map_or("", |(id, _)| id.as_str()),
        "SystemInfo": json!({ "hostname": hostname, "ipv4": [source.server.private_ip], "cores": 2, "memory": 8 * GIB }).to_string(),
        "Platform": match source.server.os { Os::Linux => "Others Linux", Os::Windows => "Windows Server 2022" },
        "Architecture": "x86_64",
        "AgentVersion": scene.settings().smc.client_version,
        "ReplicationDriver": "SMT",
        "HeartbeatRate": 30,
        "KernelLevel": 1,
        "SystemDiskSize": system,
        "DataDisks": { "DataDisk": disks },
        "CreationTime": time::text(source.appears_ms),
    })
}

/// What is being deleted, or is gone, stays so.
pub(super) fn delete(scene: &mut Scene<'_>) -> Answer {
    let id = scene.required("SourceId")?;
    let now = scene.now;
    let account = scene.account();
    if account.smc.sources.get(&id).is_none_or(Source::is_deleting) {
        return Ok(json!({}));
    }
    let related: Vec<String> = account
        .smc
        .jobs
        .iter()
        .filter(|(_, job)| job.source == id && job.is_unfinished(now))
        .map(|(id, _)| id.clone())
        .collect();
    if !related.is_empty() && !scene.parameters.is_true("Force") {
        let is_running = related
            .iter()
            .any(|job| account.smc.jobs[job].status(now) == "Running");
        return Err(if is_running {
            Refusal::new(
                400,
                "SourceServer.WithRunningReplicationJob",
                "The specified source server has related replication jobs that are running.",
            )
        } else {
            Refusal::new(
                400,
                "ReplicationJob.Related",
                "The specified source server has related replication jobs.",
            )
        });
    }
    for job in related {
        job::remove(scene, &job, now);
    }
    let smc = &mut scene.account_mut().smc;
    if let Some(source) = smc.sources.get_mut(&id) {
        source.deleting_ms = Some(now);
    }
    Ok(json!({}))
}
