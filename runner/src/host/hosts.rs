//! The hosts that the operator's settings name.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use url::Url;

use crate::settings::AllowedHost;

/// The hosts that the operator's settings name, for permissions that leave them to the operator.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    named: Arc<[AllowedHost]>,
    /// Where a rehearsal, which sends nothing, notes the hosts that are not named instead of refusing.
    unnamed: Option<Arc<Mutex<BTreeSet<String>>>>,
}

impl Hosts {
    /// Those that are named, and no other.
    pub fn named(named: impl IntoIterator<Item = AllowedHost>) -> Self {
        Self {
            named: named.into_iter().collect(),
            unnamed: None,
        }
    }

    /// As [`Hosts::named`] for a process that sends nothing: any other is noted and not refused.
    pub fn noted(named: impl IntoIterator<Item = AllowedHost>) -> Self {
        Self {
            unnamed: Some(Arc::default()),
            ..Self::named(named)
        }
    }

    /// The hosts that were asked for and are not named.
    pub fn unnamed(&self) -> BTreeSet<String> {
        let unnamed = self.unnamed.as_ref();
        unnamed.map_or_else(BTreeSet::new, |hosts| lock(hosts).clone())
    }

    pub(super) fn admit(&self, url: &Url) -> bool {
        if self.named.iter().any(|host| host.admits(url)) {
            return true;
        }
        match &self.unnamed {
            Some(unnamed) => {
                lock(unnamed).insert(authority(url));
                true
            }
            None => false,
        }
    }
}

fn lock(hosts: &Mutex<BTreeSet<String>>) -> MutexGuard<'_, BTreeSet<String>> {
    // A set is whole whatever became of who held it.
    hosts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The host, with the port unless it is the scheme's own.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsal_notes_the_hosts_that_are_not_named_and_refuses_none() {
        let named: AllowedHost = "hooks.example.com".parse().unwrap();
        let url = Url::parse("https://hooks.example.com/x").unwrap();
        let other = Url::parse("https://hooks.example.com.evil.net/x").unwrap();
        assert!(!Hosts::default().admit(&url));
        let hosts = Hosts::named([named.clone()]);
        assert!(hosts.admit(&url) && !hosts.admit(&other));
        assert!(hosts.unnamed().is_empty());
        let rehearsed = Hosts::noted([named]);
        assert!(rehearsed.admit(&url) && rehearsed.admit(&other));
        assert_eq!(
            rehearsed.unnamed().into_iter().collect::<Vec<_>>(),
            ["hooks.example.com.evil.net"]
        );
    }
}
