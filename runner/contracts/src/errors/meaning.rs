//! The table of errors for people: everything that a code may mean.

use super::{ErrorClass, Known, NOT_SIMULATED, Row, by_form, code_matches, rows};

/// One meaning of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The code as the table spells it; `<Name>` stands for any name.
    pub code: &'static str,
    /// Whose answers, or whose reports about themselves, hold it.
    pub giver: Giver,
    /// Text in the message by which this meaning is told from others of the same code.
    pub when: Option<&'static str>,
    /// The message that is documented.
    pub message: Option<&'static str>,
    /// Class, cause and remedy.
    pub known: Known,
}

/// Who gives a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Giver {
    /// The answers of any product.
    Any,
    /// The answers of one product; as the table spells it, in lower case.
    Product(&'static str),
    /// What a product's tasks, jobs or commands report about themselves.
    Reported(&'static str),
}

impl Meaning {
    fn of(row: &'static Row) -> Self {
        let giver = match (row.area.strip_suffix("-run"), row.area.as_str()) {
            (Some(product), _) => Giver::Reported(product),
            (None, "common") => Giver::Any,
            (None, product) => Giver::Product(product),
        };
        Self {
            code: &row.code,
            giver,
            when: row.when.as_deref(),
            message: row.message.as_deref(),
            known: Known {
                class: row.class,
                cause: &row.cause,
                fix: &row.fix,
                listed: true,
            },
        }
    }
}

/// Every meaning in the table, in its order.
pub fn all_meanings() -> impl Iterator<Item = Meaning> {
    rows().iter().map(Meaning::of)
}

/// Every meaning that a code has. With a product, what that product means by it: its own meaning
/// comes before the common one.
pub fn meanings(code: &str, product: Option<&str>) -> Vec<Meaning> {
    let all = all_meanings().filter(|meaning| code_matches(meaning.code, code));
    let Some(product) = product else {
        return all.collect();
    };
    let of = |giver: Giver, product: &str| match giver {
        Giver::Product(name) | Giver::Reported(name) => name.eq_ignore_ascii_case(product),
        Giver::Any => false,
    };
    let (own, others): (Vec<_>, Vec<_>) = all.partition(|meaning| of(meaning.giver, product));
    let answered = own
        .iter()
        .any(|meaning| matches!(meaning.giver, Giver::Product(_)));
    let common = others
        .into_iter()
        .filter(|meaning| !answered && meaning.giver == Giver::Any);
    own.iter().copied().chain(common).collect()
}

/// What the form of a code says that the table does not know; `None` if it says nothing.
pub fn meaning_by_form(code: &str) -> Option<Known> {
    let known = by_form(400, code);
    let says = code == NOT_SIMULATED || known.class != ErrorClass::Fail || known.cause != GENERIC;
    says.then_some(known)
}

/// The cause of what is refused for no reason that is known.
pub(super) const GENERIC: &str =
    "The service refused the call for a reason that is not in the table of known errors.";
