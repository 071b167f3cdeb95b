//! Whether what is said to take a change back does so, and whether an own undo destroys what its step made.

use rutter_contracts::{Called, InPassing, Shown, is_made_in_passing, takes_back};
use rutter_engine::{Api, Ask, Call, Find, Passing, Principal, Target, UndoChange};

use crate::class::known;

/// What a step's changes made, as its own undo may destroy it unasked.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// The changes, with their answers.
    pub changes: &'a [UndoChange],
    /// The recorded calls that would take something of it back.
    pub known: &'a [Call],
}

impl Made<'_> {
    /// Whether a call destroys what the step made, and nothing else.
    pub(crate) fn is_taken_back_by(&self, account: &Principal, by: &Api) -> bool {
        let recorded = self.known.iter().any(|call| {
            let same = call.account.as_ref() == Some(account) && call.ask != Some(Ask::Reverse);
            same && matches!(&call.target, Target::Api(api) if is_same(api, by))
        });
        recorded
            || self.changes.iter().any(|change| {
                let Target::Api(api) = &change.call.target else {
                    return false;
                };
                let by = Called {
                    elsewhere: change.call.account.as_ref() != Some(account),
                    ..called(by)
                };
                takes_back(called(api), change.answer.as_ref(), by)
            })
    }
}

/// Whether two calls do the same to the same object.
fn is_same(one: &Api, other: &Api) -> bool {
    let (one, other) = (called(one), called(other));
    let parameters = |call: Called<'_>| {
        let contract = rutter_contracts::action(call.product, call.action);
        let token = contract.and_then(|contract| contract.token_parameter.as_deref());
        let members = call.parameters.as_object().cloned().unwrap_or_default();
        let deciding = members
            .into_iter()
            .filter(|(name, _)| Some(name.as_str()) != token && name != "RegionId");
        deciding.collect::<serde_json::Map<_, _>>()
    };
    (one.product, one.action, one.region) == (other.product, other.action, other.region)
        && parameters(one) == parameters(other)
}

/// Marks what would take a change back and is not known to be its reverse.
pub(crate) fn mark(change: &Api, reverse: Option<&mut Call>, find: Option<&mut Find>) {
    if let Some(reverse) = reverse
        && let Target::Api(by) = &reverse.target
        && !(known(by).is_some() && takes_back(called(change), None, called(by)))
    {
        reverse.ask = Some(Ask::Reverse);
    }
    let Some(find) = find else { return };
    let foreign: Vec<usize> = (0..find.passing.len())
        .filter(|place| !is_made(change, find, *place))
        .collect();
    for place in foreign {
        let removal = find.passing.get_mut(place);
        if let Some(remove) = removal.and_then(|passing| passing.remove.as_mut()) {
            remove.ask = Some(Ask::Reverse);
        }
    }
}

/// Whether what is removed is what the change makes in passing. What has no removal takes nothing away.
fn is_made(change: &Api, find: &Find, place: usize) -> bool {
    let Some(passing) = find.passing.get(place).filter(|one| one.remove.is_some()) else {
        return true;
    };
    let Target::Api(read) = &find.read.target else {
        return false;
    };
    let shown = Shown {
        read: &read.action,
        list: &find.list,
        key: &find.key,
        answer: &find.answer,
    };
    let behind = match passing.of {
        None => None,
        Some(place) => match find.passing.get(place).and_then(in_passing) {
            Some(behind) => Some(behind),
            None => return false,
        },
    };
    in_passing(passing).is_some_and(|one| is_made_in_passing(called(change), shown, behind, one))
}

fn in_passing(passing: &Passing) -> Option<InPassing<'_>> {
    let remove = passing.remove.as_ref()?;
    Some(InPassing {
        read: match &passing.read {
            None => None,
            Some(read) => Some(called(api_of(read)?)),
        },
        list: &passing.list,
        id: &passing.id,
        remove: called(api_of(remove)?),
    })
}

fn api_of(call: &Call) -> Option<&Api> {
    match &call.target {
        Target::Api(api) => Some(api),
        _ => None,
    }
}

fn called(api: &Api) -> Called<'_> {
    Called {
        product: &api.product,
        action: &api.action,
        region: api.region.as_deref(),
        parameters: &api.parameters,
        elsewhere: false,
    }
}
