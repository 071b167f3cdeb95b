//! Read or change, may it be repeated, does it ask: by the contracts, and by the manifest for plain HTTP.

use rutter_contracts::{Action, Danger};
use rutter_engine::{Api, Ask, Call, Class, HttpRequest, Principal, Repeat, Target};
use rutter_manifest::{HttpRepeat, Kind, Permission};
use serde_json::Value;

use crate::rules::{Rule, Rules};

/// The contract of a call; a version that the table does not describe is unknown.
pub fn known(api: &Api) -> Option<&'static Action> {
    rutter_contracts::action(&api.product, &api.action)
        .filter(|action| action.version == api.version)
}

/// What the manifest says about a request; what it does not say is a change, never repeated.
pub(crate) fn requested(permission: Option<&Permission>, mut request: HttpRequest) -> Call {
    if let Some(permission) = permission {
        request
            .secret_answers
            .clone_from(&permission.secret_answers);
    }
    let permission = permission.and_then(|permission| permission.http.as_ref());
    let (class, repeat) = match permission {
        Some(permission) if permission.kind == Kind::Read => (Class::Read, Repeat::Same),
        Some(permission) if permission.repeat == HttpRepeat::Same => (Class::Change, Repeat::Same),
        _ => (Class::Change, Repeat::Never),
    };
    Call {
        covered: permission.is_some_and(|permission| permission.stays),
        ..plain(None, Target::Http(request), class, repeat)
    }
}

/// What the contracts know about a call; what they do not know is a change, never repeated, and a
/// person is asked.
pub(crate) fn classed(account: &Principal, api: Api, rules: Rules) -> Call {
    let account = Some(account.clone());
    let Some(action) = known(&api) else {
        return Call {
            ask: rules.hold(Rule::UnknownAsks).then_some(Ask::Unknown),
            ..plain(account, Target::Api(api), Class::Change, Repeat::Never)
        };
    };
    if action.as_read().is_some() {
        return plain(account, Target::Api(api), Class::Read, Repeat::Same);
    }
    Call {
        repeat: repeat(action),
        ask: ask(action, &api.parameters),
        covered: action.covered,
        ..plain(account, Target::Api(api), Class::Change, Repeat::Never)
    }
}

pub(crate) fn plain(
    account: Option<Principal>,
    target: Target,
    class: Class,
    repeat: Repeat,
) -> Call {
    Call {
        account,
        target,
        class,
        repeat,
        ask: None,
        covered: false,
        all_pages: false,
    }
}

fn repeat(action: &Action) -> Repeat {
    match action.repeat {
        rutter_contracts::Repeat::Same => Repeat::Same,
        rutter_contracts::Repeat::Token if action.token_parameter.is_some() => Repeat::Token {
            ttl_ms: rutter_contracts::TOKEN_TTL_MS,
        },
        rutter_contracts::Repeat::Token | rutter_contracts::Repeat::Never => Repeat::Never,
        rutter_contracts::Repeat::Look => Repeat::Look,
    }
}

fn ask(action: &Action, parameters: &Value) -> Option<Ask> {
    action.danger_of(parameters).map(|danger| match danger {
        Danger::Irreversible => Ask::Irreversible,
        Danger::Costs => Ask::Costs,
    })
}
