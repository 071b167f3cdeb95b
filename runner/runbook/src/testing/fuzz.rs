//! Whatever a file holds, it is refused or loaded; nothing panics.

use proptest::prelude::*;
use rutter_diagnostic::neutral::Style;
use rutter_diagnostic::render_all;

use super::{GOOD, load};

fn survives(text: &str) {
    if let Err(problems) = load(text, &[]) {
        assert!(!render_all(&problems, Style::Plain).is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_borne(text in "\\PC{0,200}") {
        survives(&text);
    }

    #[test]
    fn any_expression_is_borne(text in "[a-z{}|.'\"()\\[\\]%# =<>0-9,:é-]{0,80}") {
        let text = text.replace('\'', "");
        survives(&GOOD.replace("ram-for-dts", &text));
        survives(&GOOD.replace("not inputs.dry", &text.replace('"', "\\\"")));
        survives(&format!("{GOOD}x = '{{{{ {text} }}}}'\n"));
    }

    #[test]
    fn a_good_runbook_with_a_piece_cut_out_is_borne(from in 0usize..2000, length in 0usize..40) {
        let from = from.min(GOOD.len());
        let to = (from + length).min(GOOD.len());
        survives(&format!("{}{}", &GOOD[..from], &GOOD[to..]));
    }

    #[test]
    fn a_good_runbook_with_a_piece_doubled_is_borne(from in 0usize..2000, length in 0usize..80, to in 0usize..2000) {
        let from = from.min(GOOD.len());
        let until = (from + length).min(GOOD.len());
        let to = to.min(GOOD.len());
        survives(&format!("{}{}{}", &GOOD[..to], &GOOD[from..until], &GOOD[to..]));
    }
}
