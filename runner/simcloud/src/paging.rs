//! Pages of long lists, by number or by mark.

use serde_json::{Value, json};

use crate::parameters::Parameters;

/// How large pages are that nobody asked for, and the largest there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    default: i64,
    most: i64,
}

impl Sizes {
    pub const fn new(default: i64, most: i64) -> Self {
        Self { default, most }
    }
}

/// Returns the page that is asked for by `PageNumber` and `PageSize`, with the fields that tell which it is.
pub(crate) fn numbered<T>(
    parameters: Parameters<'_>,
    sizes: Sizes,
    items: Vec<T>,
) -> (Vec<T>, Value) {
    numbered_by(parameters, "PageNumber", sizes, items)
}

/// The same, for an action that calls the number otherwise.
pub(crate) fn numbered_by<T>(
    parameters: Parameters<'_>,
    name: &str,
    sizes: Sizes,
    items: Vec<T>,
) -> (Vec<T>, Value) {
    let number = parameters.integer(name).unwrap_or(1).max(1);
    let size = parameters
        .integer("PageSize")
        .unwrap_or(sizes.default)
        .clamp(1, sizes.most);
    let total = items.len();
    let skipped = usize::try_from((number - 1).saturating_mul(size)).unwrap_or(usize::MAX);
    let page: Vec<T> = items
        .into_iter()
        .skip(skipped)
        .take(size as usize)
        .collect();
    let fields = json!({ "PageNumber": number, "PageSize": size, "TotalCount": total });
    (page, fields)
}

/// Returns the page that is asked for by `NextToken` and `MaxResults`, or by number if neither is given.
pub(crate) fn marked<T>(
    parameters: Parameters<'_>,
    sizes: Sizes,
    items: Vec<T>,
) -> (Vec<T>, Value) {
    let token = parameters.filled("NextToken");
    let size = parameters.integer("MaxResults");
    if token.is_none() && size.is_none() {
        return numbered(parameters, sizes, items);
    }
    let size = size.unwrap_or(sizes.default).clamp(1, sizes.most) as usize;
    let skipped = token
        .and_then(|token| token.strip_prefix(MARK)?.parse::<usize>().ok())
        .unwrap_or(0);
    let total = items.len();
    let page: Vec<T> = items.into_iter().skip(skipped).take(size).collect();
    let next = skipped.saturating_add(page.len());
    let mut fields = json!({ "TotalCount": total });
    if next < total {
        fields["NextToken"] = json!(format!("{MARK}{next}"));
    }
    (page, fields)
}

const MARK: &str = "sim-next-";

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes {
        default: 2,
        most: 3,
    };

    #[test]
    fn pages_by_number_and_by_mark_give_everything_once() {
        let items: Vec<Value> = (1..=5).map(Value::from).collect();
        let third = json!({ "PageNumber": 3 });
        assert_eq!(
            numbered(Parameters(&third), SIZES, items.clone()).0,
            [json!(5)]
        );
        let mut seen = Vec::new();
        let mut parameters = json!({ "MaxResults": 2 });
        loop {
            let (page, fields) = marked(Parameters(&parameters), SIZES, items.clone());
            seen.extend(page);
            let Some(next) = fields.get("NextToken") else {
                break;
            };
            parameters["NextToken"] = next.clone();
        }
        assert_eq!(seen, items);
    }

    #[test]
    fn absurd_pages_are_empty() {
        let absurd = json!({ "PageNumber": i64::MAX, "PageSize": i64::MAX });
        assert!(
            numbered(Parameters(&absurd), SIZES, vec![json!(1)])
                .0
                .is_empty()
        );
    }
}
