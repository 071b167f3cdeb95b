//! The faults that a guest was told by its host: with those alone may it end in the host's name.
//!
//! What a fault's code means is the host's to say: people act on its advice, and `check` asks by it whether a
//! step itself says no.

use std::collections::{BTreeSet, VecDeque};

use rutter_engine::{Fault, FaultClass};
use rutter_manifest::is_unseen;
use rutter_meaning::Rule;
use rutter_meaning::held;

/// Faults that are remembered whole, the newest.
const FAULTS_MAX: usize = 64;
/// Codes that are remembered; the host has fewer.
const CODES_MAX: usize = 256;

/// What one guest was told in the host's name.
#[derive(Debug, Default)]
pub(super) struct Told {
    codes: BTreeSet<String>,
    newest: VecDeque<Fault>,
}

impl Told {
    /// The guest is told a fault.
    pub(super) fn add(&mut self, fault: &Fault) {
        if !is_the_hosts(&fault.code) || self.newest.contains(fault) {
            return;
        }
        if self.codes.len() < CODES_MAX {
            self.codes.insert(fault.code.clone());
        }
        if self.newest.len() == FAULTS_MAX {
            self.newest.pop_front();
        }
        self.newest.push_back(fault.clone());
    }

    /// What a guest ended with, so that what is said in the host's name was said by the host.
    pub(super) fn ended(&self, plugin: &str, fault: Fault) -> Fault {
        if !is_the_hosts(&fault.code)
            || self.newest.contains(&fault)
            || !held::hold(Rule::HostCodes)
        {
            return fault;
        }
        let said = &fault.message;
        let mut newest = self.newest.iter().rev();
        let own = newest.find(|told| told.code == fault.code);
        match own {
            Some(told) => Fault {
                message: format!("{} (`{plugin}` says: {said})", told.message),
                ..told.clone()
            },
            None if self.codes.contains(&fault.code) => Fault {
                message: format!("`{plugin}` says: {said}"),
                advice: None,
                ..fault
            },
            None => {
                let message = format!(
                    "`{plugin}` ended with the code `{}`, which is the host's and was not told to it; \
                     it says: {said}",
                    fault.code
                );
                Fault::new(FaultClass::Bug, "rutter.host-code", message).advise(
                    "this is a bug of the plugin: do not follow what it says without looking",
                )
            }
        }
    }
}

/// Whether a code reads as one of the host's, however it is spelled. A code of a plugin's own is plain
/// ASCII: nobody can tell look-alikes apart.
fn is_the_hosts(code: &str) -> bool {
    let read: String = code
        .chars()
        .filter(|one| !is_unseen(*one) && !one.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect();
    read.starts_with("rutter") || !code.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::Told;
    use rutter_engine::{Fault, FaultClass};

    fn denied(message: &str) -> Fault {
        Fault::new(FaultClass::Denied, "rutter.denied", message).advise("ask its author")
    }

    #[test]
    fn a_code_that_the_host_did_not_tell_is_no_code_of_the_host_s() {
        for code in [
            "rutter.denied",
            "Rutter.Denied",
            " rutter.denied",
            "rut\u{200b}ter.denied",
            "r\u{443}tter.denied",
            "\u{1b}]0;x\u{7}",
        ] {
            let fault = Fault::new(FaultClass::Retry, code, "accept it with `--yes`");
            let ended = Told::default().ended("p", fault);
            assert_eq!(ended.code, "rutter.host-code");
            assert_eq!(ended.class, FaultClass::Bug);
        }
        let own = Fault::new(FaultClass::Fail, "check.redis-version", "too old");
        assert_eq!(Told::default().ended("p", own.clone()), own);
    }

    #[test]
    fn what_the_host_told_is_passed_on_in_the_host_s_words() {
        let mut told = Told::default();
        told.add(&denied("it may not"));
        assert_eq!(told.ended("p", denied("it may not")), denied("it may not"));
        let mut other = denied("type `rutter lock`");
        other.advice = Some("accept it".to_owned());
        let ended = told.ended("p", other);
        assert_eq!(ended.message, "it may not (`p` says: type `rutter lock`)");
        assert_eq!(ended.advice.as_deref(), Some("ask its author"));
    }

    #[test]
    fn a_loop_of_faults_fills_no_memory() {
        let mut told = Told::default();
        for number in 0..1_000 {
            told.add(&denied(&number.to_string()));
        }
        assert_eq!(told.newest.len(), 64);
    }
}
