//! The shapes of names, and the name somebody may have meant.

/// Returns whether `text` is snake_case: lower-case letters, digits and single underscores, a letter first.
pub fn is_snake_case(text: &str) -> bool {
    is_name(text, '_')
}

/// Returns whether `text` is kebab-case: lower-case letters, digits and single hyphens, a letter first.
pub fn is_kebab_case(text: &str) -> bool {
    is_name(text, '-')
}

fn is_name(text: &str, separator: char) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.split(separator).all(|word| {
            !word.is_empty()
                && word
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        })
}

/// Digits of an account's id at most. No rule is published; today's ids have 16, and those of old accounts fewer.
const ACCOUNT_DIGITS_MAX: usize = 20;

/// Returns whether `text` has the shape of an account's id: decimal digits.
pub fn is_account_id(text: &str) -> bool {
    (1..=ACCOUNT_DIGITS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether an account's id is as long as those that are given out today.
pub fn is_usual_account_id(text: &str) -> bool {
    is_account_id(text) && text.len() == 16
}

/// Returns whether `text` has the shape of a region's id, `cn-hangzhou`.
pub fn is_region(text: &str) -> bool {
    let Some((head, tail)) = text.split_once('-') else {
        return false;
    };
    head.len() >= 2
        && head.bytes().all(|byte| byte.is_ascii_lowercase())
        && !tail.is_empty()
        && tail
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Returns the one of `known` that `name` was most likely meant to be, if any is near.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance_max = distance_max(name);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= distance_max)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns at most `count_max` of `known` that `name` may have been meant to be, nearest first and
/// each once. Case does not count.
pub fn nearest_few<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    count_max: usize,
) -> Vec<&'a str> {
    let distance_max = distance_max(name);
    let name = name.to_lowercase();
    let distance = |candidate: &str| strsim::damerau_levenshtein(&name, candidate);
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .map(|candidate| (distance(&candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= distance_max)
        .collect();
    near.sort();
    near.dedup();
    near.into_iter()
        .take(count_max)
        .map(|(_, candidate)| candidate)
        .collect()
}

/// A third of the letters may be wrong: enough for a slip, too little for another word.
fn distance_max(name: &str) -> usize {
    (name.chars().count() / 3).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_shape() {
        assert!(is_snake_case("trusted_account") && is_snake_case("a1"));
        assert!(
            !is_snake_case("trusted-account") && !is_snake_case("_a") && !is_snake_case("a__b")
        );
        assert!(
            is_kebab_case("create-role") && !is_kebab_case("Create-role") && !is_kebab_case("1-a")
        );
    }

    #[test]
    fn regions_and_account_ids_are_recognised() {
        assert!(is_region("cn-hangzhou") && is_region("ap-southeast-1"));
        assert!(!is_region("hangzhou") && !is_region("cn-") && !is_region("CN-hangzhou"));
        assert!(is_account_id("1234567890123456"));
        assert!(is_account_id("31520001") && !is_usual_account_id("31520001"));
        assert!(!is_account_id("") && !is_account_id("12345678901234x6"));
        assert!(!is_account_id("123456789012345678901") && !is_account_id("１２３４"));
    }

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        assert_eq!(nearest("patern", ["pattern", "help"]), Some("pattern"));
        assert_eq!(nearest("colour", ["pattern", "help"]), None);
    }

    #[test]
    fn a_few_are_nearest_first_and_each_once() {
        let known = ["NoPermission", "NoPermissions", "Other", "NoPermission"];
        assert_eq!(
            nearest_few("nopermision", known, 2),
            ["NoPermission", "NoPermissions"]
        );
        assert!(nearest_few("zz", known, 2).is_empty());
    }
}
