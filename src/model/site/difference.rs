//! What is otherwise in one site document than in another.

use super::export::inline;
use crate::Difference;
use std::collections::HashMap;
use toml::{Table, Value};

/// Keys whose values are shown to nobody.
const SECRET: [&str; 5] = ["password", "secret", "pin", "barring_pin", "moderator_pin"];

/// Every difference, in the order of the new document; what goes away follows at the end of its table.
pub(super) fn between(old: &Table, new: &Table) -> Vec<Difference> {
    let mut differences = Vec::new();
    tables("", old, new, &mut differences);
    differences
}

fn tables(path: &str, old: &Table, new: &Table, differences: &mut Vec<Difference>) {
    for (key, becomes) in new {
        values(&below(path, key), key, old.get(key), Some(becomes), differences);
    }
    for (key, was) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
        values(&below(path, key), key, Some(was), None, differences);
    }
}

fn values(path: &str, key: &str, was: Option<&Value>, becomes: Option<&Value>, found: &mut Vec<Difference>) {
    if was == becomes {
        return;
    }
    let empty_table = Table::new();
    let table =
        |value: Option<&'_ Value>| value.and_then(Value::as_table).is_some_and(|table| !table.is_empty());
    let list = |value: Option<&'_ Value>| value.is_some_and(is_list_of_tables);
    match (was, becomes) {
        (was, becomes) if table(was.or(becomes)) && table(becomes.or(was)) => {
            let was = was.and_then(Value::as_table).unwrap_or(&empty_table);
            let becomes = becomes.and_then(Value::as_table).unwrap_or(&empty_table);
            tables(path, was, becomes, found);
        }
        (was, becomes) if list(was.or(becomes)) && list(becomes.or(was)) => {
            lists(path, key, was, becomes, found);
        }
        (was, becomes) => {
            let shown = |value: &Value| match SECRET.contains(&key) {
                true => "(secret)".to_owned(),
                false => inline(value),
            };
            found.push(Difference {
                path: path.to_owned(),
                was: was.map(shown),
                becomes: becomes.map(shown),
            });
        }
    }
}

/// Compares lists of tables by what names their entries: order says nothing there. Where entries have no name,
/// their place is it.
fn lists(path: &str, key: &str, was: Option<&Value>, becomes: Option<&Value>, found: &mut Vec<Difference>) {
    let entries = |value: Option<&'_ Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let (was, becomes) = (entries(was), entries(becomes));
    let naming = naming(key);
    let (old, new) = match (names(&was, naming), names(&becomes, naming)) {
        (Some(old), Some(new)) => (old, new),
        _ => (places(was.len()), places(becomes.len())),
    };
    let named_by_id = naming == "id" && old.iter().chain(&new).all(|name| !name.starts_with('['));
    let entry = |name: &str| if named_by_id { below(path, name) } else { format!("{path}{name}") };
    let before: HashMap<&str, &Value> = old.iter().map(String::as_str).zip(&was).collect();
    for (name, becomes) in new.iter().zip(&becomes) {
        values(&entry(name), name, before.get(name.as_str()).copied(), Some(becomes), found);
    }
    for (name, was) in old.iter().zip(&was).filter(|(name, _)| !new.contains(name)) {
        values(&entry(name), name, Some(was), None, found);
    }
}

/// The key that names the entries of a list.
fn naming(list: &str) -> &'static str {
    match list {
        "contacts" => "name",
        "blocked" => "number",
        "exceptions" => "date",
        _ => "id",
    }
}

/// The names of all entries; none where one has none, or two have the same.
fn names(entries: &[Value], naming: &str) -> Option<Vec<String>> {
    let mut seen = std::collections::HashSet::new();
    let name = |entry: &Value| {
        let text = match entry.get(naming)? {
            Value::String(text) => text.clone(),
            Value::Datetime(stamp) => stamp.to_string(),
            _ => return None,
        };
        let fresh = seen.insert(text.clone());
        fresh.then(|| if naming == "id" { text } else { format!("[{text}]") })
    };
    entries.iter().map(name).collect()
}

fn places(count: usize) -> Vec<String> {
    (0..count).map(|place| format!("[{place}]")).collect()
}

fn is_list_of_tables(value: &Value) -> bool {
    value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(Value::is_table))
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
