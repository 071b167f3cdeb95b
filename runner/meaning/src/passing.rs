//! What a look says beside the object: what is made in passing, by the plugin, and who uses it, by the
//! contracts. Each read and each removal is judged with the change that it belongs to.

use rutter_contracts::{From, Usage, usages};
use rutter_engine::{Api, Ask, Call, Fault, FaultClass, Find, Passing, Principal, Shows, Use};
use serde_json::{Value, json};

use crate::class::{classed, known};
use crate::fault::wrong;
use crate::look::{Look, PassingKind};
use crate::rules::Rules;

/// How long a read may take to show that something made in passing is gone. Milliseconds.
const SETTLE_MS: u64 = 5_000;

impl PassingKind {
    /// With its calls classed.
    pub(crate) fn classed(self, account: &Principal, rules: Rules) -> Passing {
        let call = |api: Api| classed(account, api, rules);
        let uses = self.used();
        let uses = uses.map(|(usage, remove)| use_of(account, usage, remove, rules));
        let uses: Vec<Use> = uses.collect();
        Passing {
            kind: self.kind,
            of: self.behind.map(|place| place as usize),
            read: self.read.map(call).map(all_pages),
            list: self.list,
            id: self.id,
            remove: self.remove.map(call),
            find: Find {
                rest: None,
                read: call(self.look),
                list: self.look_list,
                tests: Vec::new(),
                key: String::new(),
                shows: Shows::There,
                take: false,
                stays: false,
                marked: false,
                before_back: None,
                fields: Vec::new(),
                uses,
                passing: Vec::new(),
                settle_ms: SETTLE_MS,
                answer: Value::Null,
            },
        }
    }
}

impl PassingKind {
    /// Who may use one, with the call that removes it.
    fn used(&self) -> impl Iterator<Item = (&'static Usage, &Api)> {
        let remove = self.remove.as_ref();
        remove.into_iter().flat_map(|remove| {
            let action = known(remove).into_iter();
            let usages = action.flat_map(|action| usages(action.product, &action.name));
            usages.map(move |usage| (usage, remove))
        })
    }
}

/// A call that belongs to a look, and whether it has to be a read.
pub(crate) struct Judged {
    api: Api,
    reads: bool,
}

/// The calls that a look needs beside its own read.
pub(crate) fn calls(change: &Api, reverse: Option<&Api>, look: &Look) -> Vec<Judged> {
    let read = |api: Api| Judged { api, reads: true };
    let destroyed = reverse.is_some_and(destroys);
    let uses = used(change, destroyed, look).map(|usage| read(request(usage, change)));
    let rest = look.before_back.iter().map(|(api, _)| read(api.clone()));
    let passing = look.passing.iter().flat_map(|kind| {
        let reads = kind.read.iter().chain([&kind.look]).cloned().map(read);
        let uses = kind.used();
        let reads = reads.chain(uses.map(|(usage, remove)| read(request(usage, remove))));
        let remove = kind.remove.iter().cloned();
        reads.chain(remove.map(|api| Judged { api, reads: false }))
    });
    rest.chain(uses).chain(passing).collect()
}

/// Judges them.
pub(crate) fn permit(
    calls: Vec<Judged>,
    judge: impl Fn(&Api) -> Result<(), Fault>,
) -> Result<(), Fault> {
    calls.iter().try_for_each(|Judged { api, reads }| {
        let is_read = known(api).is_some_and(|action| action.as_read().is_some());
        let judged = match *reads && !is_read {
            true => Err(wrong(format!(
                "`{}:{}` is not known to be a read",
                api.product, api.action
            ))),
            false => judge(api),
        };
        judged.map_err(|mut fault| {
            let what = match fault.class {
                FaultClass::Denied => "what is read or removed before and after it is taken back",
                _ => "the look at what it makes",
            };
            fault.message = format!("{what}: {}", fault.message);
            fault
        })
    })
}

/// How it is seen who uses what a change makes, where something destroys it.
pub(crate) fn uses(
    account: &Principal,
    change: &Api,
    reverse: Option<&Call>,
    look: &Look,
    rules: Rules,
) -> Vec<Use> {
    let destroyed = reverse
        .is_some_and(|reverse| matches!(reverse.ask, Some(Ask::Irreversible | Ask::Reverse)));
    let uses = used(change, destroyed, look).map(|usage| use_of(account, usage, change, rules));
    uses.collect()
}

fn use_of(account: &Principal, usage: &Usage, of: &Api, rules: Rules) -> Use {
    let lists = usage.lists.iter();
    Use {
        what: usage.what.to_owned(),
        read: all_pages(classed(account, request(usage, of), rules)),
        lists: lists
            .map(|(list, id)| ((*list).to_owned(), (*id).to_owned()))
            .collect(),
        none_at_first: usage.none_at_first,
    }
}

/// A plugin that says what is made in passing takes the object back by itself where it has no reverse.
fn used(change: &Api, destroyed: bool, look: &Look) -> impl Iterator<Item = &'static Usage> {
    let counts = destroyed || !look.passing.is_empty();
    let contract = known(change).filter(|_| counts);
    contract
        .into_iter()
        .flat_map(|action| usages(action.product, &action.name))
}

fn destroys(api: &Api) -> bool {
    let danger = known(api).and_then(|action| action.danger_of(&api.parameters));
    danger == Some(rutter_contracts::Danger::Irreversible)
}

/// The read that shows a use, with fields of the change's answer left open.
fn request(usage: &Usage, change: &Api) -> Api {
    let given = |name: &str| change.parameters.get(name).cloned().unwrap_or_default();
    let value = |from: &From| match from {
        From::Call(name) => given(name),
        From::Answer(pointer) => json!({ "$answer": pointer }),
        From::Text(text) => json!(text),
    };
    let region = usage.region.map(given);
    Api {
        product: change.product.clone(),
        action: usage.read.to_owned(),
        version: change.version.clone(),
        region: match region {
            Some(Value::String(region)) => Some(region),
            _ => change.region.clone(),
        },
        parameters: usage
            .parameters
            .iter()
            .map(|(name, from)| ((*name).to_owned(), value(from)))
            .collect(),
    }
}

/// A read to its last page, where it has pages.
fn all_pages(call: Call) -> Call {
    let all_pages = match &call.target {
        rutter_engine::Target::Api(api) => known(api).is_some_and(|action| action.paging.is_some()),
        _ => false,
    };
    Call { all_pages, ..call }
}
