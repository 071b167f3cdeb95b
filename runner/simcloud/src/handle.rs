//! One request through the world, stage by stage.

use rutter_contracts::{Access, Action, Repeat};
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::authentication::authenticate;
use crate::caller::Caller;
use crate::chance::{self, Mishap};
use crate::difference;
use crate::identifier::IdentifierSource;
use crate::ledger::CallRecord;
use crate::parameters::Parameters;
use crate::products::{Act, Call};
use crate::ram::Rights;
use crate::request::{Request, Response};
use crate::request_context::Moment;
use crate::rights::resource_of;
use crate::sts;
use crate::token::{self, Remembered};
use crate::unmodelled;
use crate::world::World;

/// The products of which all that a change does is in the summary.
const VISIBLE_PRODUCTS: [&str; 3] = ["RAM", "SMC", "R-kvstore"];

/// Actions of the other products of which that is true too.
const VISIBLE_ACTIONS: [&str; 1] = ["CreateJobMonitorRule"];

impl World {
    /// Answers a request at an instant (milliseconds since the epoch).
    ///
    /// `seed` goes into every identifier that is given out. The answer depends on the world, the arguments and nothing else.
    pub fn handle(&mut self, now_ms: i64, seed: u64, request: &Request) -> Response {
        let moment = Moment {
            now_ms,
            credentials_ms: now_ms,
            seed,
        };
        self.handle_at(moment, request)
    }

    pub(crate) fn handle_at(&mut self, moment: Moment, request: &Request) -> Response {
        self.settle(moment.now_ms);
        let contract = rutter_contracts::action(&request.product, &request.action);
        let unsigned =
            contract.is_some_and(|contract| sts::is_unsigned(contract.product, &contract.name));
        let caller = match unsigned {
            true => Ok(Caller::anonymous()),
            false => authenticate(self, moment.credentials_ms, request),
        };
        let account = caller
            .as_ref()
            .map(|caller| caller.account.clone())
            .unwrap_or_default();
        let (latency_ms, mishap) = self.note_call(moment, request, contract, account);
        let answer = caller.and_then(|caller| match mishap {
            Some(mishap @ (Mishap::Throttled | Mishap::Failed)) => Err(mishap.refusal()),
            Some(Mishap::Lost) => {
                let done = self.answer(moment, request, contract, &caller);
                done.and(Err(Mishap::Lost.refusal()))
            }
            None => self.answer(moment, request, contract, &caller),
        });
        self.respond(answer, request, contract, latency_ms)
    }

    /// Writes the call down and returns how long its answer takes, and what befalls it.
    fn note_call(
        &mut self,
        moment: Moment,
        request: &Request,
        contract: Option<&Action>,
        account: String,
    ) -> (u64, Option<Mishap>) {
        let number = self.ledger.calls.len() as u64 + 1;
        let source = IdentifierSource {
            seed: moment.seed,
            account: &account,
        };
        let request_id = source.request(number);
        let jitter_ms = self.settings.latency.jitter.0.max(0) as u64;
        let latency_ms =
            self.latency_ms(contract) + source.number("latency", number, jitter_ms + 1);
        let mishap = chance::draw(&self.settings.faults, &source, number);
        let product = contract.map_or(request.product.as_str(), |contract| contract.product);
        self.ledger.calls.push(CallRecord {
            number,
            at_ms: moment.now_ms,
            action: format!("{product}:{}", request.action),
            account_id: account,
            status: 200,
            code: None,
            request_id,
        });
        (latency_ms, mishap)
    }

    fn answer(
        &mut self,
        moment: Moment,
        request: &Request,
        contract: Option<&'static Action>,
        caller: &Caller,
    ) -> Answer {
        let contract = contract.ok_or_else(|| unknown_action(request))?;
        let act =
            Act::of(contract.product, &contract.name).ok_or_else(|| not_simulated(contract))?;
        check(contract, request)?;
        let parameters = Parameters(&request.parameters);
        let region = region_of(request, parameters);
        let resource = resource_of(
            contract.product,
            &contract.name,
            &caller.account,
            &region,
            parameters,
        );
        let rights = Rights {
            accounts: &self.ram,
            now: moment.now_ms,
            spread_ms: self.settings.durations.ram_spread.0,
        };
        rights.authorise(
            caller,
            contract.product,
            &contract.policy_action(),
            &resource,
        )?;
        let token = token_of(contract, caller, parameters);
        let remembered = token.as_ref().and_then(|token| self.remembered.get(token));
        if let Some(remembered) = remembered.filter(|remembered| remembered.lasts(moment.now_ms)) {
            return remembered.answer(&request.parameters);
        }
        // Where all there is to a change is in the summary, a repeated one that leaves everything as it
        // was is seen, and does not count as a change.
        let visible = VISIBLE_PRODUCTS.contains(&contract.product)
            || VISIBLE_ACTIONS.contains(&contract.name.as_str());
        let is_compared =
            visible && contract.access == Access::Change && contract.repeat == Repeat::Same;
        if is_compared {
            difference::watch(self);
        }
        let body = act.run(
            self,
            Call {
                moment,
                caller,
                region,
                parameters,
            },
        );
        let changed = !is_compared || difference::differs(self);
        let body = body?;
        if contract.access == Access::Change {
            if changed {
                self.ledger
                    .change(&without_secrets(contract, &request.parameters));
            }
            if let Some(token) = token {
                self.remembered.insert(
                    token,
                    Remembered::new(&request.parameters, &body, moment.now_ms),
                );
            }
        }
        Ok(body)
    }

    fn respond(
        &mut self,
        answer: Answer,
        request: &Request,
        contract: Option<&Action>,
        latency_ms: u64,
    ) -> Response {
        let (status, mut body) = match &answer {
            Ok(body) => (200, body.clone()),
            Err(refusal) => (refusal.status, refusal.body(&host(request), contract)),
        };
        if let Some(call) = self.ledger.calls.last_mut() {
            body["RequestId"] = json!(call.request_id);
            call.status = status;
            call.code = answer.err().map(|refusal| refusal.code);
        }
        Response {
            status,
            body,
            latency_ms,
        }
    }

    fn latency_ms(&self, contract: Option<&Action>) -> u64 {
        let latency = &self.settings.latency;
        let is_change = contract.is_some_and(|contract| contract.access == Access::Change);
        let base = if is_change {
            latency.change
        } else {
            latency.read
        };
        base.0.max(0) as u64
    }
}

fn check(contract: &Action, request: &Request) -> Result<(), Refusal> {
    if request.version != contract.version {
        return Err(Refusal::new(
            400,
            "InvalidVersion",
            "Specified parameter Version is not valid.",
        ));
    }
    if let Some(problem) = contract.check(&request.parameters).into_iter().next() {
        return Err(Refusal::new(problem.status, problem.code, problem.message));
    }
    unmodelled::refuse(&contract.label(), &request.parameters)
}

fn host(request: &Request) -> String {
    rutter_contracts::endpoint(
        &request.product,
        request.region.as_deref().unwrap_or("cn-hangzhou"),
    )
    .unwrap_or_else(|_| format!("{}.aliyuncs.com", request.product.to_ascii_lowercase()))
}

fn region_of(request: &Request, parameters: Parameters<'_>) -> String {
    parameters
        .filled("RegionId")
        .or_else(|| request.region.clone())
        .unwrap_or_default()
}

/// Tokens are remembered for an account and an action.
fn token_of(
    contract: &Action,
    caller: &Caller,
    parameters: Parameters<'_>,
) -> Option<(String, String, String)> {
    contract.token_parameter.as_ref()?;
    let token = parameters.filled(token::PARAMETER)?;
    Some((caller.account.clone(), contract.label(), token))
}

fn without_secrets(contract: &Action, parameters: &Value) -> Value {
    let mut parameters = parameters.clone();
    for pointer in contract.secret_in(&parameters) {
        if let Some(secret) = parameters.pointer_mut(&pointer) {
            *secret = Value::Null;
        }
    }
    parameters
}

fn unknown_action(request: &Request) -> Refusal {
    let message = format!(
        "Specified api is not found, please check your url and method: {}:{}.",
        request.product, request.action
    );
    Refusal::new(404, "InvalidAction.NotFound", message)
}

fn not_simulated(contract: &Action) -> Refusal {
    let message = format!(
        "{} is in the contracts, but the simulated cloud does not simulate it.",
        contract.label()
    );
    Refusal::new(501, "NotSimulated", message)
}
