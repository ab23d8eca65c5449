//! The canonical spelling of a site document.

use toml::{Table, Value};

/// Writes a document whose keys are in canonical order: what is large as sections, the rest inline.
pub(super) fn document(document: &Table) -> String {
    let mut text = String::new();
    // Before any section begins: keys there would belong to the section.
    for (key, value) in document.iter().filter(|(_, value)| !is_section(value)) {
        line(&mut text, "", key, value);
    }
    for (name, value) in document {
        match value {
            Value::Table(table) => section(&mut text, &format!("[{}]", bare(name)), name, table, 0),
            Value::Array(tables) if is_section(value) => {
                for table in tables.iter().filter_map(Value::as_table) {
                    section(&mut text, &format!("[[{}]]", bare(name)), name, table, 0);
                }
            }
            _ => {}
        }
    }
    text
}

/// Writes a value on one line.
pub(super) fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(table) if table.is_empty() => "{}".to_owned(),
        Value::Table(table) => {
            let entries: Vec<String> =
                table.iter().map(|(key, value)| format!("{} = {}", bare(key), inline(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::String(text) => quoted(text),
        scalar => scalar.to_string(),
    }
}

fn section(text: &mut String, header: &str, name: &str, table: &Table, depth: usize) {
    let indent = "  ".repeat(depth);
    if depth == 0 && !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&indent);
    text.push_str(header);
    text.push('\n');
    // Lists of tables become sections of their own one level down; anything deeper stays on its line.
    let nested = |value: &Value| depth == 0 && is_section(value) && value.is_array();
    for (key, value) in table.iter().filter(|(_, value)| !nested(value)) {
        line(text, &indent, key, value);
    }
    for (key, value) in table.iter().filter(|(_, value)| nested(value)) {
        let path = format!("{}.{}", bare(name), bare(key));
        for table in value.as_array().into_iter().flatten().filter_map(Value::as_table) {
            section(text, &format!("[[{path}]]"), &path, table, depth + 1);
        }
    }
}

fn line(text: &mut String, indent: &str, key: &str, value: &Value) {
    text.push_str(indent);
    text.push_str(&bare(key));
    text.push_str(" = ");
    text.push_str(&inline(value));
    text.push('\n');
}

/// A table, or a list of tables that is not empty.
fn is_section(value: &Value) -> bool {
    match value {
        Value::Table(_) => true,
        Value::Array(items) => !items.is_empty() && items.iter().all(Value::is_table),
        _ => false,
    }
}

/// A key, in quotes where it needs them.
fn bare(key: &str) -> String {
    let plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if plain { key.to_owned() } else { quoted(key) }
}

/// A basic string on one line (TOML 1.0, "String").
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            control if control.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(control))),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
