//! Answers as text for people: aligned columns, and lines of names and values.

use super::json::Json;
use super::rows::View;

/// The space between two columns.
const GAP: &str = "  ";

/// The data of an answer as text. A list without entries is no text.
pub(super) fn text(view: &View, data: &Json) -> String {
    match (view, data) {
        (View::Table(columns), Json::List(entries)) => table(columns, entries),
        (View::Table(_) | View::Record, Json::Object(fields)) => record(fields),
        (View::Record, Json::List(entries)) => table(&columns_of(entries), entries),
        (_, Json::Null) => String::new(),
        (_, value @ Json::Scalar(_)) => cell(Some(value)) + "\n",
    }
}

/// A line of titles, and a line for each entry.
fn table(columns: &[&str], entries: &[Json]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let titles = columns.iter().map(|name| name.to_ascii_uppercase()).collect();
    let rows =
        entries.iter().map(|entry| columns.iter().map(|name| cell(entry.at(name))).collect());
    aligned(&[titles].into_iter().chain(rows).collect::<Vec<Vec<_>>>())
}

/// A line for each field, with the names of the objects around it; then a table for each list of objects.
fn record(fields: &[(String, Json)]) -> String {
    let (mut lines, mut lists) = (Vec::new(), Vec::new());
    collect("", fields, &mut lines, &mut lists);
    let mut text = aligned(&lines);
    for (name, entries) in lists {
        let rows = table(&columns_of(entries), entries);
        let rows = if rows.is_empty() { " none\n".to_owned() } else { format!("\n{rows}") };
        text.extend(["\n", &name, ":", &rows]);
    }
    text
}

fn collect<'j>(
    around: &str,
    fields: &'j [(String, Json)],
    lines: &mut Vec<Vec<String>>,
    lists: &mut Vec<(String, &'j [Json])>,
) {
    for (name, value) in fields {
        let name = format!("{around}{name}");
        match value {
            Json::Object(inner) => collect(&format!("{name}."), inner, lines, lists),
            Json::List(entries) if !is_plain(entries) || entries.is_empty() => {
                lists.push((name, entries));
            }
            Json::Null | Json::Scalar(_) | Json::List(_) => {
                lines.push(vec![name, cell(Some(value))]);
            }
        }
    }
}

/// Whether all entries fit into one cell.
fn is_plain(entries: &[Json]) -> bool {
    entries.iter().all(|entry| matches!(entry, Json::Null | Json::Scalar(_)))
}

/// The fields of the entries that fit into a cell, in the order in which they come.
fn columns_of(entries: &[Json]) -> Vec<&str> {
    let mut columns = Vec::new();
    for entry in entries {
        let Json::Object(fields) = entry else { continue };
        for (name, value) in fields {
            let fits = !matches!(value, Json::Object(_));
            if fits && !columns.contains(&name.as_str()) {
                columns.push(name.as_str());
            }
        }
    }
    columns
}

/// A value in one line. A control character, which could steer the terminal, is escaped.
fn cell(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => "-".to_owned(),
        Some(Json::Scalar(text)) => {
            let text = without_fraction(text);
            text.chars()
                .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
                .collect()
        }
        Some(Json::List(entries)) => {
            let all: Vec<_> = entries.iter().map(|entry| cell(Some(entry))).collect();
            all.join(", ")
        }
        Some(Json::Object(_)) => "…".to_owned(),
    }
}

/// A time without its parts of a second; any other text as it is.
fn without_fraction(text: &str) -> String {
    let is_time = text.len() > 20 && text.as_bytes()[10] == b'T' && text.ends_with('Z');
    match text.split_once('.') {
        Some((whole, _)) if is_time && whole.len() == 19 => format!("{whole}Z"),
        _ => text.to_owned(),
    }
}

/// Lines of cells, each column as wide as its longest cell.
fn aligned(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let width = width(column).unwrap_or_default();
            format!("{cell:<width$}")
        });
        text += cells.collect::<Vec<_>>().join(GAP).trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(view: &View, data: &str) -> String {
        text(view, &serde_json::from_str(data).unwrap())
    }

    #[test]
    fn a_list_is_a_table_of_its_columns() {
        let data = r#"[{"id": 1, "name": "Клініка", "at": "2026-11-24T15:17:49.597862Z"},
            {"id": 22, "name": "a\u001bb", "other": [1]}]"#;
        let expected = "ID  NAME      AT\n1   Клініка   2026-11-24T15:17:49Z\n22  a\\u{1b}b  -\n";
        assert_eq!(shown(&View::Table(&["id", "name", "at"]), data), expected);
        assert_eq!(shown(&View::Table(&["id"]), "[]"), "");
    }

    #[test]
    fn an_object_is_lines_and_its_lists_are_tables() {
        let data = r#"{"phone_number": "+38067*****67", "sends": {"next": null, "windows": [{"limit": "a", "count": 2}]},
            "scopes": ["x", "y"], "is_blocked": false, "codes": []}"#;
        let expected = "phone_number  +38067*****67\nsends.next    -\nscopes        x, y\nis_blocked    no\n\n\
            sends.windows:\nLIMIT  COUNT\na      2\n\ncodes: none\n";
        assert_eq!(shown(&View::Record, data), expected);
    }
}
