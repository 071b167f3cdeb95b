//! `[notify.NAME]`: who is told of a run while nobody looks.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// `[notify.NAME]`: an address that is told what happens to a run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["url_env"] }, { "required": ["url_file"] }]))]
pub struct NotifySettings {
    /// What listens there, and so what it is sent.
    pub kind: NotifyKind,
    /// The variable that holds the address; whoever knows it may write there.
    pub url_env: Option<String>,
    /// The file that holds the address.
    pub url_file: Option<PathBuf>,
    /// The variable that holds the key by which a robot knows who writes.
    pub secret_env: Option<String>,
    /// The file that holds it.
    pub secret_file: Option<PathBuf>,
    /// What is told; everything when absent.
    #[serde(default)]
    pub events: Vec<NotifyEvent>,
}

/// What listens at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NotifyKind {
    /// A robot in a group of DingTalk.
    Dingtalk,
    /// A robot in a group of Feishu.
    Feishu,
    /// An incoming webhook of Slack.
    Slack,
    /// Anything that takes a POST of JSON.
    Webhook,
}

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NotifyEvent {
    /// A person is asked.
    Question,
    /// A step failed, or its outcome is unknown.
    Failure,
    /// The run is done, or was taken back.
    End,
    /// A step takes much longer than usual.
    Late,
}

impl NotifyEvent {
    /// Its name in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Failure => "failure",
            Self::End => "end",
            Self::Late => "late",
        }
    }
}

impl NotifySettings {
    pub(super) fn rooted(mut self, root: &impl Fn(PathBuf) -> PathBuf) -> Self {
        self.url_file = self.url_file.take().map(root);
        self.secret_file = self.secret_file.take().map(root);
        self
    }

    pub(super) fn problem(&self) -> Option<&'static str> {
        if self.url_env.is_some() == self.url_file.is_some() {
            return Some(
                "an address is named by `url_env` or by `url_file`: whoever knows it may write there",
            );
        }
        let secret = self.secret_env.is_some() || self.secret_file.is_some();
        if self.secret_env.is_some() && self.secret_file.is_some() {
            return Some("a secret is named by `secret_env` or by `secret_file`");
        }
        match self.kind {
            NotifyKind::Slack | NotifyKind::Webhook if secret => {
                Some("only robots of DingTalk and Feishu take a secret")
            }
            _ => None,
        }
    }

    /// Whether this is told.
    pub fn tells(&self, event: NotifyEvent) -> bool {
        self.events.is_empty() || self.events.contains(&event)
    }
}
