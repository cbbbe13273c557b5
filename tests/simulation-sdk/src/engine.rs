//! The embedded engine, called in process: an operation and its JSON in, a status and JSON out. No sockets, no threads.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use dynoxide::actions::scan::ScanRequest;
use dynoxide::{AttributeValue, Database, DynoxideError};
use sandbox::aws::table::Table;
use sandbox::template::Template;

/// The table's name.
pub const TABLE: &str = "billing";

/// What the engine answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: String,
}

/// An engine with one empty table.
pub struct Engine {
    database: Database,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Engine")
    }
}

/// The table of `template.yaml`, as the body of `CreateTable`.
fn layout() -> Result<&'static str, String> {
    static LAYOUT: OnceLock<Result<String, String>> = OnceLock::new();
    let read = || {
        let template = Template::parse(include_str!("../../../template.yaml"), BTreeMap::new());
        let table = template.and_then(|template| Table::from_template(&template, TABLE));
        table.map(|table| table.create.to_string()).map_err(|error| error.to_string())
    };
    LAYOUT.get_or_init(read).as_deref().map_err(Clone::clone)
}

impl Engine {
    /// A database in memory with the deployed table in it.
    ///
    /// # Errors
    /// If the template or the engine refuses.
    pub fn start() -> Result<Self, String> {
        let database = Database::memory().map_err(|error| error.to_string())?;
        let create = serde_json::from_str(layout()?).map_err(|error| error.to_string())?;
        database.create_table(create).map_err(|error| error.to_string())?;
        Ok(Self { database })
    }

    /// Carries out one of the operations that the store uses.
    #[must_use]
    pub fn call(&self, operation: &str, body: &str) -> Reply {
        let database = &self.database;
        let answered = match operation {
            "GetItem" => run(body, |request| database.get_item(request)),
            "BatchGetItem" => run(body, |request| database.batch_get_item(request)),
            "Query" => run(body, |request| database.query(request)),
            "UpdateItem" => run(body, |request| database.update_item(request)),
            "TransactWriteItems" => run(body, |request| database.transact_write_items(request)),
            other => Err(DynoxideError::SerializationException(format!("{other} is not served here"))),
        };
        match answered {
            Ok(body) => Reply { status: 200, body },
            Err(error) => Reply { status: error.status_code(), body: error.to_json() },
        }
    }

    /// The names of every item in the table, in order.
    ///
    /// # Errors
    /// If the engine fails.
    pub fn names(&self) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        let mut start = None;
        loop {
            let request = ScanRequest {
                table_name: TABLE.to_owned(),
                projection_expression: Some("pk".to_owned()),
                exclusive_start_key: start,
                ..ScanRequest::default()
            };
            let page = self.database.scan(request).map_err(|error| error.to_string())?;
            for item in page.items.iter().flatten() {
                if let Some(AttributeValue::S(pk)) = item.get("pk") {
                    names.push(pk.clone());
                }
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                names.sort();
                return Ok(names);
            }
        }
    }
}

fn run<Q, A>(body: &str, operation: impl FnOnce(Q) -> dynoxide::Result<A>) -> dynoxide::Result<String>
where
    Q: for<'de> serde::Deserialize<'de>,
    A: serde::Serialize,
{
    let malformed = |error: serde_json::Error| DynoxideError::SerializationException(error.to_string());
    let answer = operation(serde_json::from_str(body).map_err(malformed)?)?;
    serde_json::to_string(&answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
