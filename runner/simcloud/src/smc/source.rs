//! Migration sources: servers whose SMC client registered.

use serde_json::{Value, json};

use super::file::SourceFile;
use crate::ecs::EcsFile;
use crate::ecs::used_bytes;

#[derive(Clone, Debug)]
pub(crate) struct SourceServer {
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

impl SourceServer {
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

    pub fn state(&self, now: i64, is_used: bool) -> &'static str {
        match () {
            () if self.is_deleting() => "Deleting",
            () if !self.is_available(now) => "Unavailable",
            () if is_used => "InUse",
            () => "Available",
        }
    }

    pub fn status_info(&self, now: i64) -> String {
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
