//! Reading a paged list to its last page: the same rules for every carrier.

use rutter_contracts::{Page, Paging};
use rutter_engine::{Fault, FaultClass, Outcome};
use serde_json::{Map, Value};

/// The most pages that are read; at the largest page sizes, far more than any account holds.
const PAGES_MAX: u32 = 1_000;

/// A list being read: [`Self::request`] gives the parameters of the next call, [`Self::take`] takes
/// what became of it. The outcome of the whole is the first page's answer with the lists of all pages
/// in it and the marks of "more to come" taken out; a page that fails is the outcome of the whole.
pub struct Pages<'a> {
    paging: &'a Paging,
    parameters: Map<String, Value>,
    /// What the next request asks for: a page's number, or the mark of the last answer.
    next: Value,
    number: u32,
    first: Option<Value>,
    list: Vec<Value>,
}

impl<'a> Pages<'a> {
    /// Begins at the first page. A page size among the parameters is kept; without one the largest
    /// that the API takes is asked for.
    pub fn new(paging: &'a Paging, parameters: &Value) -> Self {
        let mut parameters = parameters.as_object().cloned().unwrap_or_default();
        let (size, size_max, next) = match paging.page {
            Page::Number { size, size_max, .. } => (size, size_max, Value::from(1)),
            Page::Mark { size, size_max, .. } => (Some(size), size_max, Value::Null),
        };
        if let Some(size) = size {
            parameters
                .entry(size)
                .or_insert_with(|| Value::from(size_max));
        }
        Self {
            paging,
            parameters,
            next,
            number: 1,
            first: None,
            list: Vec::new(),
        }
    }

    /// Returns the parameters of the next call.
    pub fn request(&self) -> Value {
        let mut parameters = self.parameters.clone();
        let name = match self.paging.page {
            Page::Number { number, .. } => number,
            Page::Mark { mark, .. } => mark,
        };
        match &self.next {
            // The first page is the one without a mark.
            Value::Null => parameters.remove(name),
            next => parameters.insert(name.to_owned(), next.clone()),
        };
        Value::Object(parameters)
    }

    /// Takes the outcome of a call; returns that of the whole once it is known.
    pub fn take(&mut self, outcome: Outcome) -> Option<Outcome> {
        let Outcome::Done(answer) = outcome else {
            return Some(outcome);
        };
        if self.add(answer) {
            return Some(Outcome::Done(self.finish()));
        }
        (self.number > PAGES_MAX).then(|| {
            let fault = Fault::new(
                FaultClass::Fail,
                "rutter.limit.pages",
                format!("the list has more than {PAGES_MAX} pages"),
            );
            Outcome::Refused(fault.advise("narrow what is listed by its filters"))
        })
    }

    /// Adds a page's answer; returns whether it was the last page.
    fn add(&mut self, mut answer: Value) -> bool {
        let page = answer
            .pointer_mut(self.paging.list)
            .and_then(Value::as_array_mut)
            .map(std::mem::take)
            .unwrap_or_default();
        self.number += 1;
        let last = match self.paging.page {
            Page::Number { size, total, .. } => {
                let short = size.is_some_and(|size| {
                    let size = self.parameters.get(size).and_then(number);
                    size.is_some_and(|size| (page.len() as u64) < size)
                });
                let total = answer.pointer(total).and_then(number);
                let read = (self.list.len() + page.len()) as u64;
                self.next = Value::from(self.number);
                page.is_empty() || total.map_or(short, |total| read >= total)
            }
            Page::Mark { next, more, .. } => {
                let mark = answer.pointer(next).cloned().unwrap_or_default();
                let ended = more.is_some_and(|more| answer.pointer(more).is_some_and(is_false));
                // A mark that repeats would never come to an end.
                let stuck = mark == self.next;
                self.next = mark;
                ended || stuck || matches!(self.next.as_str(), None | Some(""))
            }
        };
        self.list.extend(page);
        self.first.get_or_insert(answer);
        last
    }

    fn finish(&mut self) -> Value {
        let mut answer = self.first.take().unwrap_or_default();
        if let Some(list) = answer.pointer_mut(self.paging.list) {
            *list = Value::Array(std::mem::take(&mut self.list));
        }
        if let Page::Mark { next, more, .. } = self.paging.page {
            if let Some(next) = answer.pointer_mut(next) {
                *next = Value::from("");
            }
            if let Some(more) = more.and_then(|more| answer.pointer_mut(more)) {
                *more = Value::from(false);
            }
        }
        answer
    }
}

fn number(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

fn is_false(value: &Value) -> bool {
    match value {
        Value::Bool(value) => !value,
        Value::String(text) => text.eq_ignore_ascii_case("false"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BY_NUMBER: Paging = Paging {
        list: "/Images/Image",
        page: Page::Number {
            number: "PageNumber",
            size: Some("PageSize"),
            size_max: 2,
            total: "/TotalCount",
        },
    };
    const BY_MARK: Paging = Paging {
        list: "/Roles/Role",
        page: Page::Mark {
            mark: "Marker",
            size: "MaxItems",
            size_max: 1000,
            next: "/Marker",
            more: Some("/IsTruncated"),
        },
    };

    /// Serves the answers one after the other and returns the outcome with the requests made.
    fn read(paging: &Paging, given: Value, answers: Vec<Outcome>) -> (Outcome, Vec<Value>) {
        let mut pages = Pages::new(paging, &given);
        let mut requests = Vec::new();
        for answer in answers {
            requests.push(pages.request());
            if let Some(outcome) = pages.take(answer) {
                return (outcome, requests);
            }
        }
        panic!("the list was not at its end");
    }

    #[test]
    fn numbered_pages_are_read_until_all_are_there() {
        let page = |names: &[&str]| {
            Outcome::Done(
                json!({"TotalCount": 3, "Images": {"Image": names}, "RequestId": names[0]}),
            )
        };
        let answers = vec![page(&["a", "b"]), page(&["c"])];
        let (outcome, requests) = read(&BY_NUMBER, json!({"RegionId": "r"}), answers);
        assert_eq!(
            outcome,
            Outcome::Done(
                json!({"TotalCount": 3, "Images": {"Image": ["a", "b", "c"]}, "RequestId": "a"})
            )
        );
        assert_eq!(
            requests[0],
            json!({"RegionId": "r", "PageSize": 2, "PageNumber": 1})
        );
        assert_eq!(requests[1]["PageNumber"], 2);
    }

    #[test]
    fn marked_pages_are_read_until_nothing_more_follows() {
        let page = |name: &str, more: bool| {
            Outcome::Done(json!({"IsTruncated": more, "Marker": "m", "Roles": {"Role": [name]}}))
        };
        let answers = vec![page("a", true), page("b", false)];
        let (outcome, requests) = read(&BY_MARK, json!({"MaxItems": 10}), answers);
        assert_eq!(
            outcome,
            Outcome::Done(
                json!({"IsTruncated": false, "Marker": "", "Roles": {"Role": ["a", "b"]}})
            )
        );
        assert_eq!(
            requests,
            [
                json!({"MaxItems": 10}),
                json!({"MaxItems": 10, "Marker": "m"})
            ]
        );
    }

    #[test]
    fn a_mark_that_repeats_ends_the_list() {
        let page = || Outcome::Done(json!({"Marker": "m", "Roles": {"Role": ["a"]}}));
        let (_, requests) = read(&BY_MARK, json!({}), vec![page(), page()]);
        assert_eq!(requests.len(), 2);
    }

    #[test]
    fn a_page_that_fails_is_the_outcome_of_the_whole() {
        let first = Outcome::Done(json!({"TotalCount": 4, "Images": {"Image": ["a", "b"]}}));
        let fault = Fault::new(FaultClass::Retry, "Throttling", "slow down");
        let answers = vec![first, Outcome::Refused(fault.clone())];
        let (outcome, _) = read(&BY_NUMBER, json!({}), answers);
        assert_eq!(outcome, Outcome::Refused(fault));
    }

    #[test]
    fn an_empty_list_is_one_page() {
        let (outcome, requests) = read(&BY_NUMBER, json!({}), vec![Outcome::Done(json!({}))]);
        assert_eq!((outcome, requests.len()), (Outcome::Done(json!({})), 1));
    }
}
