//! Calls, waits and looks as a guest writes them, and what stands for what it leaves out.

use rutter_engine::{Api, Condition, Fault, Shows, Test};
use serde_json::Value;

use crate::canonical;
use crate::class::known;
use crate::fault::wrong;
use crate::look::{Look, PassingKind};
use crate::rules::{Rule, Rules};

/// Milliseconds between two polls where neither plugin nor contract says.
const EVERY_MS: u64 = 15_000;
/// Milliseconds a wait takes at most where neither plugin nor contract says.
const TIMEOUT_MS: u64 = 12 * 3_600_000;
/// Milliseconds between two polls at least: what is polled takes seconds or hours.
const EVERY_MS_MIN: u64 = 100;

/// Milliseconds of a day.
const DAY_MS: u64 = 24 * 3_600_000;
/// Milliseconds between two polls at most.
const EVERY_MS_MAX: u64 = DAY_MS;
/// Milliseconds a wait takes at most, whoever says how long.
const WAIT_MS_MAX: u64 = 31 * DAY_MS;

/// Milliseconds that a read may take to show a change where the plugin does not say.
const SETTLE_MS: u64 = 5_000;
/// And at the most.
const SETTLE_MS_MAX: u64 = 15 * 60_000;

/// A call as a guest writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct CallWritten {
    /// The product, in any case.
    pub product: String,
    /// The action, in any case.
    pub action: String,
    /// The API's version; the contract's when absent.
    pub version: Option<String>,
    /// The region; the account's when absent.
    pub region: Option<String>,
    /// The parameters, a JSON object: lists as lists, structures as objects.
    pub parameters: Value,
}

/// A wait as a guest writes it; what is empty or absent is the contract's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WaitWritten {
    /// A JSON pointer into the answer.
    pub path: String,
    /// Values that end the wait well.
    pub until: Vec<String>,
    /// Values that end it badly.
    pub fail: Vec<String>,
    /// Milliseconds between two polls.
    pub every_ms: Option<u64>,
    /// Milliseconds until the wait gives up.
    pub timeout_ms: Option<u64>,
}

/// A look as a guest writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct LookWritten {
    /// What is polled before the read.
    pub rest: Option<(CallWritten, WaitWritten)>,
    /// The read whose answer is looked at.
    pub read: CallWritten,
    /// It is made to its last page.
    pub all_pages: bool,
    /// A JSON pointer to the list in the answer.
    pub list: String,
    /// What an element of the list must fulfil.
    pub tests: Vec<Test>,
    /// A JSON pointer into the element: what tells it from others.
    pub key: String,
    /// The change happened when nothing of this is there any more.
    pub gone: bool,
    /// What is so already is taken as it is.
    pub take: bool,
    /// What is seen is a record of what happened.
    pub stays: bool,
    /// The tests hold a mark of this step.
    pub marked: bool,
    /// What is polled before it is compared and taken back.
    pub before_back: Option<(CallWritten, WaitWritten)>,
    /// JSON pointers into the element: what somebody may have edited since.
    pub fields: Vec<String>,
    /// What is made in passing.
    pub passing: Vec<PassingWritten>,
    /// How long a read may take to show the change.
    pub settle_ms: Option<u64>,
    /// What the answer would have held.
    pub answer: Value,
}

/// What is made in passing as a guest writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct PassingWritten {
    /// What it is, a noun.
    pub kind: String,
    /// The kind that it is behind, by its place in the list.
    pub behind: Option<u32>,
    /// The read that lists them.
    pub read: Option<CallWritten>,
    /// A JSON pointer to the list in the answer.
    pub list: String,
    /// A JSON pointer into an element: its id.
    pub id: String,
    /// The call that removes one.
    pub remove: Option<CallWritten>,
    /// The read that shows one.
    pub look: CallWritten,
    /// A JSON pointer to the list in that answer.
    pub look_list: String,
}

impl CallWritten {
    /// The whole call, in the one spelling that is judged, recorded, shown and sent.
    ///
    /// # Errors
    /// When it has none: another version than the contracts', parameters that are the host's to set or no
    /// JSON object, a region that does not exist.
    pub fn complete(self, rules: Rules) -> Result<Api, Fault> {
        let product = canonical::product(self.product, rules)?;
        let mut api = Api {
            version: canonical::version(&product, self.version, rules)?,
            action: canonical::action(&product, self.action, rules)?,
            product,
            region: canonical::region(self.region, rules)?,
            parameters: self.parameters,
        };
        canonical::parameters(&mut api, rules)?;
        Ok(api)
    }
}

impl LookWritten {
    /// The whole look: its reads, its conditions.
    ///
    /// # Errors
    /// When one of its calls is not whole, or it is not known until when to wait.
    pub fn complete(self, rules: Rules) -> Result<Look, Fault> {
        let rest = |(read, wait): (CallWritten, WaitWritten)| {
            let read = read.complete(rules)?;
            let condition = condition(&read, wait, rules)?;
            Ok::<_, Fault>((read, condition))
        };
        let passing = self.passing.into_iter().map(|one| one.complete(rules));
        Ok(Look {
            rest: self.rest.map(rest).transpose()?,
            before_back: self.before_back.map(rest).transpose()?,
            fields: self.fields,
            passing: passing.collect::<Result<_, Fault>>()?,
            read: self.read.complete(rules)?,
            all_pages: self.all_pages,
            list: self.list,
            tests: self.tests,
            key: self.key,
            shows: match self.gone {
                true => Shows::Gone,
                false => Shows::There,
            },
            take: self.take,
            stays: self.stays,
            marked: self.marked,
            settle_ms: self.settle_ms.unwrap_or(SETTLE_MS).min(SETTLE_MS_MAX),
            answer: self.answer,
        })
    }
}

impl PassingWritten {
    fn complete(self, rules: Rules) -> Result<PassingKind, Fault> {
        let complete = |call: CallWritten| call.complete(rules);
        Ok(PassingKind {
            kind: self.kind,
            behind: self.behind,
            read: self.read.map(complete).transpose()?,
            list: self.list,
            id: self.id,
            remove: self.remove.map(complete).transpose()?,
            look: complete(self.look)?,
            look_list: self.look_list,
        })
    }
}

/// The whole condition of a wait. What it leaves out is said by the contract of the read that is
/// polled: the field, and for that field the values.
///
/// # Errors
/// When neither the plugin nor the contract says what is waited for.
pub fn condition(api: &Api, wait: WaitWritten, rules: Rules) -> Result<Condition, Fault> {
    let usual = known(api).and_then(|action| action.wait);
    let missing = |what: &str| {
        wrong(format!(
            "`{}:{}` is not known to be waited for, so the {what} to wait for have to be named",
            api.product, api.action
        ))
    };
    let path = match usual {
        Some(usual) if wait.path.is_empty() => usual.path.to_owned(),
        None if wait.path.is_empty() => return Err(missing("field and the values")),
        _ => wait.path,
    };
    let same = usual.filter(|usual| usual.path == path);
    let own = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    let until: Vec<String> = match same {
        Some(usual) if wait.until.is_empty() => own(usual.until),
        None if wait.until.is_empty() => return Err(missing("values")),
        _ => wait.until,
    };
    let fail = match same {
        Some(usual) if wait.fail.is_empty() => own(usual.fail),
        _ => wait.fail,
    };
    let every_ms = wait.every_ms.or(usual.map(|usual| usual.every_ms));
    let timeout_ms = wait.timeout_ms.or(usual.map(|usual| usual.timeout_ms));
    let every_ms = every_ms.unwrap_or(EVERY_MS).max(EVERY_MS_MIN);
    let timeout_ms = timeout_ms.unwrap_or(TIMEOUT_MS);
    within("a pause between two polls", every_ms, EVERY_MS_MAX, rules)?;
    within("a wait", timeout_ms, WAIT_MS_MAX, rules)?;
    Ok(Condition {
        path,
        until,
        fail,
        every_ms,
        timeout_ms,
    })
}

/// A pause of a guest.
///
/// # Errors
/// When it is longer than a wait may be.
pub fn pause(duration_ms: u64, rules: Rules) -> Result<u64, Fault> {
    within("a wait", duration_ms, WAIT_MS_MAX, rules).map(|()| duration_ms)
}

fn within(what: &str, given_ms: u64, most_ms: u64, rules: Rules) -> Result<(), Fault> {
    if given_ms <= most_ms || !rules.hold(Rule::WaitLengths) {
        return Ok(());
    }
    let days = most_ms / DAY_MS;
    Err(wrong(format!(
        "{what} takes at most {days} {}, and this is one of {given_ms} ms",
        if days == 1 { "day" } else { "days" }
    )))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn api(action: &str) -> Api {
        let written = CallWritten {
            product: "ecs".to_owned(),
            action: action.to_owned(),
            version: None,
            region: None,
            parameters: json!({}),
        };
        written.complete(Rules::ALL).unwrap()
    }

    fn condition(api: &Api, wait: WaitWritten) -> Result<Condition, Fault> {
        super::condition(api, wait, Rules::ALL)
    }

    fn wait(path: &str, until: &[&str], fail: &[&str]) -> WaitWritten {
        let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        WaitWritten {
            path: path.to_owned(),
            until: texts(until),
            fail: texts(fail),
            ..WaitWritten::default()
        }
    }

    #[test]
    fn each_thing_that_a_wait_leaves_out_is_the_contracts() {
        let read = api("DescribeImages");
        let usual = condition(&read, WaitWritten::default()).unwrap();
        assert_eq!(usual.path, "/Images/Image/0/Status");
        assert_eq!(usual.until, ["Available"]);
        let until = condition(&read, wait("", &["Creating"], &[])).unwrap();
        assert_eq!((until.path, until.fail), (usual.path, usual.fail));
        assert_eq!(until.until, ["Creating"]);
        let fail = condition(&read, wait("", &[], &["Gone"])).unwrap();
        assert_eq!((fail.until, fail.fail), (usual.until, vec!["Gone".into()]));
    }

    #[test]
    fn the_contracts_values_are_those_of_its_own_field() {
        let read = api("DescribeImages");
        let other = condition(&read, wait("/Images/Image/0/Progress", &["100%"], &[])).unwrap();
        assert!(other.fail.is_empty());
        let fault = condition(&read, wait("/Images/Image/0/Progress", &[], &[])).unwrap_err();
        assert!(fault.message.contains("the values to wait for"), "{fault}");
        let fault = condition(&api("DescribeRegions"), wait("", &["x"], &[])).unwrap_err();
        assert!(
            fault.message.contains("the field and the values"),
            "{fault}"
        );
    }

    #[test]
    fn a_wait_has_a_maximum() {
        let read = api("DescribeImages");
        let long = |every_ms, timeout_ms| WaitWritten {
            every_ms: Some(every_ms),
            timeout_ms: Some(timeout_ms),
            ..WaitWritten::default()
        };
        assert!(condition(&read, long(DAY_MS, 31 * DAY_MS)).is_ok());
        for wait in [long(DAY_MS + 1, 1), long(1, u64::MAX)] {
            let fault = condition(&read, wait.clone()).unwrap_err();
            assert!(fault.message.contains("at most"), "{fault}");
            let rules = Rules::ALL.without(Rule::WaitLengths);
            assert!(super::condition(&read, wait, rules).is_ok());
        }
        assert_eq!(pause(31 * DAY_MS, Rules::ALL).unwrap(), 31 * DAY_MS);
        let fault = pause(u64::MAX, Rules::ALL).unwrap_err();
        assert!(fault.message.contains("at most 31 days"), "{fault}");
    }
}
