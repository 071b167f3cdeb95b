//! A look at what a change makes, as a guest wants it, before it is judged.

use rutter_engine::{Api, Condition, Shows, Test};
use serde_json::Value;

/// A look at what a change makes, on the account of the change, before its reads are judged and classed.
#[derive(Clone, Debug)]
pub struct Look {
    /// What is polled before the read.
    pub rest: Option<(Api, Condition)>,
    /// The read.
    pub read: Api,
    /// It is made to its last page.
    pub all_pages: bool,
    /// A JSON pointer to the list in the answer.
    pub list: String,
    /// What an element of the list must fulfil.
    pub tests: Vec<Test>,
    /// A JSON pointer into the element: what tells it from others.
    pub key: String,
    /// Whether it is there once the change happened, or gone.
    pub shows: Shows,
    /// What is so already is taken as it is.
    pub take: bool,
    /// What is seen is a record of what happened.
    pub stays: bool,
    /// The tests hold a mark of this step.
    pub marked: bool,
    /// What is polled before it is compared and taken back.
    pub before_back: Option<(Api, Condition)>,
    /// JSON pointers into the element: what somebody may have edited since.
    pub fields: Vec<String>,
    /// What is made in passing.
    pub passing: Vec<PassingKind>,
    /// How long a read may take to show the change.
    pub settle_ms: u64,
    /// What the answer would have held.
    pub answer: Value,
}

/// A kind of object that a change makes in passing, before its calls are judged and classed.
#[derive(Clone, Debug)]
pub struct PassingKind {
    /// What it is, a noun: `snapshot`.
    pub kind: String,
    /// The kind that it is behind, by its place in the list; the object itself when absent.
    pub behind: Option<u32>,
    /// The read that lists them; the look's own when absent.
    pub read: Option<Api>,
    /// A JSON pointer to the list in the answer.
    pub list: String,
    /// A JSON pointer into an element: its id.
    pub id: String,
    /// The call that removes one.
    pub remove: Option<Api>,
    /// The read that shows one.
    pub look: Api,
    /// A JSON pointer to the list in that answer.
    pub look_list: String,
}
