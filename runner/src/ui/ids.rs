//! The map of old ids and new ones: for people, for spreadsheets, for scripts.

use rutter_engine::NewId;
use serde_json::{Value, json};

use super::{Align, Table};

const COLUMNS: [&str; 5] = ["kind", "source", "target", "step", "item"];

/// As a table for a terminal.
pub fn ids_table(ids: &[NewId]) -> Table {
    let headings = COLUMNS.map(str::to_uppercase);
    let columns = headings.iter().map(|title| (title.as_str(), Align::Left));
    let mut table = Table::new(columns);
    for id in ids {
        table.row(cells(id));
    }
    table
}

/// As CSV with a line of headings, quoted where it must be.
pub fn ids_csv(ids: &[NewId]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let rows = ids.iter().map(cells);
    for row in std::iter::once(COLUMNS).chain(rows) {
        writer
            .write_record(row)
            .expect("memory takes all rows, which are of one length");
    }
    let bytes = writer.into_inner().expect("memory takes all rows");
    String::from_utf8(bytes).expect("rows of text are text")
}

/// As JSON, an object each.
pub fn ids_json(ids: &[NewId]) -> Vec<Value> {
    let object = |id: &NewId| {
        json!({
            "kind": id.kind,
            "source": id.source,
            "target": id.target,
            "step": id.step,
            "item": id.item,
        })
    };
    ids.iter().map(object).collect()
}

fn cells(id: &NewId) -> [&str; 5] {
    [
        &id.kind,
        &id.source,
        &id.target,
        &id.step,
        id.item.as_deref().unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::{ids_csv, ids_json, ids_table};
    use rutter_engine::NewId;

    fn ids() -> [NewId; 2] {
        let id = |item: Option<&str>, source: &str| NewId {
            kind: "image".to_owned(),
            source: source.to_owned(),
            target: "m-2".to_owned(),
            step: "copy".into(),
            item: item.map(Into::into),
        };
        [id(None, "m-1"), id(Some("web, \"old\""), "m-11")]
    }

    #[test]
    fn ids_stand_in_columns() {
        insta::assert_snapshot!(ids_table(&ids()).render(), @r#"
        KIND   SOURCE  TARGET  STEP  ITEM
        image  m-1     m-2     copy
        image  m-11    m-2     copy  web, "old"
        "#);
    }

    #[test]
    fn a_comma_or_a_quote_in_a_key_breaks_no_row() {
        insta::assert_snapshot!(ids_csv(&ids()), @r#"
        kind,source,target,step,item
        image,m-1,m-2,copy,
        image,m-11,m-2,copy,"web, ""old"""
        "#);
    }

    #[test]
    fn scripts_get_an_object_a_line() {
        let lines = ids_json(&ids());
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["item"], serde_json::Value::Null);
        assert_eq!(lines[1]["item"], "web, \"old\"");
        assert_eq!(lines[1]["source"], "m-11");
    }
}
