//! Reading one table of the document, key by key.
//!
//! The keys a reader asks for *are* the schema: their order is the canonical order of the export, and what
//! nobody asked for is a mistake. So no key can be read and not exported, or the other way round.

use super::mistake::{Reading, suggestion};
use toml::{Table, Value};

/// Why a value is not what its key needs.
pub(super) struct Wrong(pub String);

impl<E: std::error::Error> From<E> for Wrong {
    fn from(error: E) -> Self {
        Wrong(error.to_string())
    }
}

/// What a reader of one value gives back.
pub(super) type Read<T> = Result<T, Wrong>;

/// One table while it is being read.
pub(super) struct Fields<'r> {
    /// What the whole document knows, and where mistakes go.
    pub reading: &'r Reading,
    path: String,
    left: Table,
    kept: Table,
    asked: Vec<&'static str>,
}

impl<'r> Fields<'r> {
    /// Begins to read a table found at the path.
    pub fn new(reading: &'r Reading, path: String, table: Table) -> Self {
        Self { reading, path, left: table, kept: Table::new(), asked: Vec::new() }
    }

    /// A key that must be there.
    pub fn need<T>(&mut self, key: &'static str, read: impl Fn(&Value) -> Read<T>) -> Option<T> {
        if !self.has(key) {
            self.asked.push(key);
            self.wrong(key, "this must be given");
            return None;
        }
        self.maybe(key, read)
    }

    /// A key that may be there.
    pub fn maybe<T>(&mut self, key: &'static str, read: impl Fn(&Value) -> Read<T>) -> Option<T> {
        let value = self.take(key)?;
        let read = read(&value).map_err(|Wrong(message)| self.wrong(key, message)).ok();
        self.kept.insert(key.to_owned(), value);
        read
    }

    /// A key with a default.
    pub fn or<T>(&mut self, key: &'static str, read: impl Fn(&Value) -> Read<T>, default: T) -> T {
        self.maybe(key, read).unwrap_or(default)
    }

    /// A list; empty where the key is not there.
    pub fn list<T>(&mut self, key: &'static str, most: usize, read: impl Fn(&Value) -> Read<T>) -> Vec<T> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let mut items = Vec::new();
        match &value {
            Value::Array(array) => {
                self.bounded(key, array.len(), most);
                for (at, value) in array.iter().take(most).enumerate() {
                    match read(value) {
                        Ok(item) => items.push(item),
                        Err(Wrong(message)) => self.wrong(&format!("{key}[{at}]"), message),
                    }
                }
            }
            other => self.wrong(key, format!("a list in [ ] belongs here, not {}", kind(other))),
        }
        self.kept.insert(key.to_owned(), value);
        items
    }

    /// A table whose keys are chosen by whoever writes the document.
    pub fn entries<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&str, &Value) -> Read<T>,
    ) -> Option<Vec<(String, T)>> {
        let value = self.take(key)?;
        let mut entries = Vec::new();
        match &value {
            Value::Table(table) => {
                for (name, value) in table {
                    match read(name, value) {
                        Ok(entry) => entries.push((name.clone(), entry)),
                        Err(Wrong(message)) => self.wrong(&format!("{key}.{}", shown(name)), message),
                    }
                }
            }
            other => self.wrong(key, format!("a table belongs here, not {}", kind(other))),
        }
        self.kept.insert(key.to_owned(), sorted(value));
        Some(entries)
    }

    /// A table.
    pub fn table<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Fields<'_>) -> T) -> Option<T> {
        match self.take(key)? {
            Value::Table(table) => {
                let mut fields = Fields::new(self.reading, self.at(key), table);
                let read = read(&mut fields);
                self.kept.insert(key.to_owned(), Value::Table(fields.finish()));
                Some(read)
            }
            other => {
                self.wrong(key, format!("a table belongs here, not {}", kind(&other)));
                None
            }
        }
    }

    /// A list of tables, named by their ids where they have them.
    pub fn tables<T>(
        &mut self,
        key: &'static str,
        most: usize,
        mut read: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Vec<T> {
        let array = match self.take(key) {
            None => return Vec::new(),
            Some(Value::Array(array)) => array,
            Some(other) => {
                self.wrong(key, format!("[[{key}]] belongs here, not {}", kind(&other)));
                return Vec::new();
            }
        };
        self.bounded(key, array.len(), most);
        let mut items = Vec::with_capacity(array.len().min(most));
        let mut kept = Vec::with_capacity(array.len().min(most));
        for (at, value) in array.into_iter().take(most).enumerate() {
            let Value::Table(table) = value else {
                self.wrong(&format!("{key}[{at}]"), format!("a table belongs here, not {}", kind(&value)));
                continue;
            };
            let path = match table.get("id").and_then(Value::as_str) {
                Some(id) if !id.is_empty() => self.at(&format!("{key}.{}", shown(id))),
                _ => self.at(&format!("{key}[{at}]")),
            };
            let mut fields = Fields::new(self.reading, path, table);
            items.extend(read(&mut fields));
            kept.push(Value::Table(fields.finish()));
        }
        self.kept.insert(key.to_owned(), Value::Array(kept));
        items
    }

    /// Is the key given?
    pub fn has(&self, key: &str) -> bool {
        self.left.contains_key(key) || self.kept.contains_key(key)
    }

    /// Notes that a key is wrong.
    pub fn wrong(&self, key: &str, message: impl Into<String>) {
        self.reading.wrong(self.at(key), message);
    }

    /// Keeps another value than was given: the hash of a secret.
    pub fn replace(&mut self, key: &'static str, value: String) {
        self.kept.insert(key.to_owned(), Value::String(value));
    }

    /// Notes what nobody asked for, and gives back what was read, in the order it was asked for.
    pub fn finish(self) -> Table {
        for key in self.left.keys() {
            let meant = suggestion(key, self.asked.iter().copied());
            self.wrong(shown(key).as_str(), format!("there is no such key{meant}"));
        }
        self.kept
    }

    /// The path of a key of this table.
    pub fn at(&self, key: &str) -> String {
        match (self.path.as_str(), key) {
            ("", key) => key.to_owned(),
            (path, "") => path.to_owned(),
            (path, key) => format!("{path}.{key}"),
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.asked.push(key);
        self.left.remove(key)
    }

    fn bounded(&self, key: &str, count: usize, most: usize) {
        if count > most {
            self.wrong(key, format!("there are {count} of them; {most} is the most"));
        }
    }
}

/// A table whose keys have no order of their own gets one.
fn sorted(value: Value) -> Value {
    match value {
        Value::Table(table) => {
            let mut entries: Vec<(String, Value)> = table.into_iter().collect();
            entries.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Table(entries.into_iter().collect())
        }
        other => other,
    }
}

/// What a value is, for people.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number with a decimal point",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date or time",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

/// A name out of the document, cut so that a message stays a line.
pub(super) fn shown(name: &str) -> String {
    let plain = name.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    match name.chars().count() {
        0..=64 => plain.collect(),
        _ => plain.take(61).chain("...".chars()).collect(),
    }
}
