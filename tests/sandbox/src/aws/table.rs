//! The table of `template.yaml`, as a `CreateTable` request.

use serde_json::{Map, Value, json};

use crate::template::{Template, TemplateError};

/// What the template says about the table, in DynamoDB's own JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The body of `CreateTable`.
    pub create: Value,
    /// The attribute that holds the expiry time, if the table has one.
    pub ttl_attribute: Option<String>,
}

/// Members that say how the table's keys and indexes look; the emulator needs no others.
const SHAPE: &[&str] = &["AttributeDefinitions", "GlobalSecondaryIndexes", "KeySchema", "LocalSecondaryIndexes"];
/// Members that matter to a deployed table only: capacity, protection, encryption, names.
const DEPLOYMENT: &[&str] = &[
    "BillingMode",
    "ContributorInsightsSpecification",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "PointInTimeRecoverySpecification",
    "ProvisionedThroughput",
    "ResourcePolicy",
    "SSESpecification",
    "TableClass",
    "TableName",
    "Tags",
    "WarmThroughput",
];
/// The same for an index.
const INDEX_SHAPE: &[&str] = &["IndexName", "KeySchema", "Projection"];

impl Table {
    /// Reads the one `AWS::DynamoDB::Table` of the template; it will be called `name`.
    ///
    /// # Errors
    /// [`TemplateError`] if there is none, or several, or it has members that are not understood.
    pub fn from_template(template: &Template, name: &str) -> Result<Self, TemplateError> {
        let resources = template.resources()?;
        let mut tables = resources.iter().filter(|resource| resource.kind == "AWS::DynamoDB::Table");
        let Some(table) = tables.next() else {
            return Err(TemplateError::invalid("Resources", "has no AWS::DynamoDB::Table"));
        };
        if let Some(second) = tables.next() {
            return Err(TemplateError::unsupported(format!("Resources.{}", second.id), "a second table"));
        }
        let at = format!("Resources.{}", table.id);
        let properties = table
            .body
            .get("Properties")
            .and_then(Value::as_object)
            .ok_or_else(|| TemplateError::invalid(&at, "has no Properties"))?;
        let mut create = Map::new();
        let mut ttl_attribute = None;
        for (key, value) in properties {
            match key.as_str() {
                "TimeToLiveSpecification" => ttl_attribute = read_ttl(template, value, &at)?,
                "GlobalSecondaryIndexes" | "LocalSecondaryIndexes" => {
                    create.insert(key.clone(), read_indexes(&template.resolve(value, &at)?, &at)?);
                }
                "StreamSpecification" => {
                    let mut stream = template.resolve(value, &at)?;
                    stream["StreamEnabled"] = Value::Bool(true);
                    create.insert(key.clone(), stream);
                }
                shape if SHAPE.contains(&shape) => {
                    create.insert(key.clone(), template.resolve(value, &at)?);
                }
                ignored if DEPLOYMENT.contains(&ignored) => {}
                other => return Err(TemplateError::unsupported(&at, other)),
            }
        }
        create.insert("TableName".to_owned(), Value::from(name));
        create.insert("BillingMode".to_owned(), Value::from("PAY_PER_REQUEST"));
        Ok(Self { create: Value::Object(create), ttl_attribute })
    }

    /// The table's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.create.get("TableName").and_then(Value::as_str).unwrap_or_default()
    }

    /// The body of `UpdateTimeToLive`, if the table has an expiry attribute.
    #[must_use]
    pub fn time_to_live(&self) -> Option<Value> {
        let attribute = self.ttl_attribute.as_ref()?;
        Some(json!({
            "TableName": self.name(),
            "TimeToLiveSpecification": { "AttributeName": attribute, "Enabled": true },
        }))
    }
}

fn read_ttl(template: &Template, value: &Value, at: &str) -> Result<Option<String>, TemplateError> {
    let resolved = template.resolve(value, at)?;
    // Quoted flags are common in templates.
    let enabled = resolved.get("Enabled").is_some_and(|flag| flag == &Value::Bool(true) || flag == "true");
    let attribute = resolved.get("AttributeName").and_then(Value::as_str);
    match (enabled, attribute) {
        (false, _) => Ok(None),
        (true, Some(attribute)) => Ok(Some(attribute.to_owned())),
        (true, None) => Err(TemplateError::invalid(at, "TimeToLiveSpecification has no AttributeName")),
    }
}

fn read_indexes(indexes: &Value, at: &str) -> Result<Value, TemplateError> {
    let indexes = indexes.as_array().ok_or_else(|| TemplateError::invalid(at, "its indexes are not a list"))?;
    let mut shapes = Vec::with_capacity(indexes.len());
    for index in indexes {
        let index = index.as_object().ok_or_else(|| TemplateError::invalid(at, "an index is not a mapping"))?;
        let mut shape = Map::new();
        for (key, value) in index {
            if INDEX_SHAPE.contains(&key.as_str()) {
                shape.insert(key.clone(), value.clone());
            } else if !DEPLOYMENT.contains(&key.as_str()) {
                return Err(TemplateError::unsupported(at, format!("{key} of an index")));
            }
        }
        shapes.push(Value::Object(shape));
    }
    Ok(Value::Array(shapes))
}
