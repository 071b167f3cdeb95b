//! What a code means: why it happens and what to do about it.
//!
//! Codes come from the cloud (its table is `contracts`), from rutter itself (`own.rs`) and from what
//! is wrong with a runbook (`runbook.rs`). What a plugin's own codes mean stands in their messages.

mod own;
mod runbook;

use rutter_contracts::{ErrorClass, Giver, Known, Meaning};

/// One meaning of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The code; `<Name>` stands for any name.
    pub code: String,
    /// Who gives it, fit to follow "given by".
    pub giver: String,
    /// Text in the message by which it is told from other meanings of the code.
    pub when: Option<String>,
    /// The message that is documented.
    pub message: Option<String>,
    /// Why it happens.
    pub cause: String,
    /// What to do.
    pub remedy: String,
    /// What rutter does by itself.
    pub reaction: Option<&'static str>,
}

/// Everything that a code may mean; with a product, what that product means by it.
pub fn explain(code: &str, product: Option<&str>) -> Vec<Explanation> {
    let cloud = rutter_contracts::meanings(code, product);
    let own = product.is_none().then(|| by_rutter(code)).into_iter();
    cloud.iter().map(of_cloud).chain(own.flatten()).collect()
}

/// Whether there is more to say about a code than its message says.
pub fn is_known(code: &str) -> bool {
    !explain(code, None).is_empty()
}

/// Everything there is, the cloud's codes first.
pub fn all() -> Vec<Explanation> {
    let cloud = rutter_contracts::all_meanings();
    let cloud: Vec<Explanation> = cloud.map(|meaning| of_cloud(&meaning)).collect();
    cloud.into_iter().chain(all_by_rutter()).collect()
}

/// What the form of an unknown code says, if anything.
pub fn by_form(code: &str) -> Option<Explanation> {
    let known = rutter_contracts::meaning_by_form(code)?;
    Some(Explanation {
        code: code.to_owned(),
        giver: "a service of the cloud; it is not in the table, its form says what follows"
            .to_owned(),
        when: None,
        message: None,
        cause: known.cause.to_owned(),
        remedy: known.fix.to_owned(),
        reaction: Some(reaction(known)),
    })
}

/// The codes that `code` may have been meant to be, nearest first.
pub fn near(code: &str) -> Vec<String> {
    const NEAR_MAX: usize = 3;
    let all = all();
    let names = all.iter().map(|explanation| explanation.code.as_str());
    let few = rutter_manifest::nearest_few(code, names, NEAR_MAX);
    few.into_iter().map(str::to_owned).collect()
}

fn by_rutter(code: &str) -> impl Iterator<Item = Explanation> {
    let number = format!("exit {code}");
    all_by_rutter()
        .filter(move |explanation| explanation.code == code || explanation.code == number)
}

fn all_by_rutter() -> impl Iterator<Item = Explanation> {
    let plain = |giver: &'static str| {
        move |(code, cause, remedy): &(&str, &str, &str)| Explanation {
            code: (*code).to_owned(),
            giver: giver.to_owned(),
            when: None,
            message: None,
            cause: (*cause).to_owned(),
            remedy: (*remedy).to_owned(),
            reaction: None,
        }
    };
    let faults = own::FAULTS
        .iter()
        .map(plain("rutter, as the fault of a step"));
    let refusals = own::REFUSALS
        .iter()
        .map(plain("rutter, before anything ran"));
    let runbook = runbook::all().map(move |row| plain("`rutter check`, about a runbook")(&row));
    let exits = own::EXITS.iter().map(plain("rutter, as its exit code"));
    faults.chain(refusals).chain(runbook).chain(exits)
}

fn of_cloud(meaning: &Meaning) -> Explanation {
    let spelled = |product| rutter_contracts::product_name(product).unwrap_or(product);
    let giver = match meaning.giver {
        Giver::Any => "any service of the cloud".to_owned(),
        Giver::Product(product) => spelled(product).to_owned(),
        Giver::Reported("dts") => "a task of DTS, about itself".to_owned(),
        Giver::Reported("ecs") => "Cloud Assistant, about a command".to_owned(),
        Giver::Reported(product) => format!("a job of {}, about itself", spelled(product)),
    };
    Explanation {
        code: meaning.code.to_owned(),
        giver,
        when: meaning.when.map(str::to_owned),
        message: meaning.message.map(str::to_owned),
        cause: meaning.known.cause.to_owned(),
        remedy: meaning.known.fix.to_owned(),
        reaction: match meaning.giver {
            // What a job says about itself was not an answer to a call.
            Giver::Reported(_) => None,
            _ => Some(reaction(meaning.known)),
        },
    }
}

fn reaction(known: Known) -> &'static str {
    match known.class {
        ErrorClass::Retry => {
            "sends it again by itself, more slowly; a change only where that is harmless"
        }
        ErrorClass::RetryStatus => "tries again by itself while the object is busy",
        ErrorClass::LookThenRetry => "looks whether it happened before anything is sent again",
        ErrorClass::Done => "goes on if what is there is what was wanted",
        ErrorClass::Absent => {
            "counts what is gone as taken back; elsewhere the step fails unless it looked for just that"
        }
        ErrorClass::Credential => {
            "gets new credentials and sends it once more, where it can; then the step fails"
        }
        ErrorClass::Fail => "lets the step fail: repeating does not help",
        ErrorClass::Bug => "lets the step fail: the request was wrong",
    }
}

#[cfg(test)]
mod tests;
