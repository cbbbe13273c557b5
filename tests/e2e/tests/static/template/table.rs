//! The table is what the adapter reads and writes, and what holds money cannot be lost with a stack or a mistake.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use syn::visit::Visit;
use syn::{ExprMethodCall, Fields, ImplItemFn, Item, Type};

use super::code;
use super::document::{document, object, properties, resource, resources_of};
use crate::{repository, sources};

/// What a query names of an index.
#[derive(Debug, Default)]
struct Query {
    index: Option<String>,
    condition: String,
    /// Attributes by placeholder.
    names: BTreeMap<String, String>,
    /// Every text that stands in the function, as the first of a pair.
    pairs: BTreeSet<String>,
}

#[derive(Default)]
struct Queries(Vec<Query>);

impl<'ast> Visit<'ast> for Queries {
    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.0.push(Query::default());
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_expr_tuple(&mut self, tuple: &'ast syn::ExprTuple) {
        if let (Some(query), Some(name)) = (self.0.last_mut(), tuple.elems.first().and_then(code::literal)) {
            query.pairs.insert(name);
        }
        syn::visit::visit_expr_tuple(self, tuple);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        // The last call of a chain stands outermost, so a function's are met in any order.
        let texts: Vec<Option<String>> = call.args.iter().map(code::literal).collect();
        if let Some(query) = self.0.last_mut() {
            match (call.method.to_string().as_str(), texts.as_slice()) {
                ("index_name", _) => {
                    let syn::Expr::Path(path) = &call.args[0] else { panic!("an index without a constant") };
                    query.index = path.path.get_ident().map(ToString::to_string);
                }
                ("key_condition_expression", [Some(text)]) => query.condition.clone_from(text),
                ("expression_attribute_names", [Some(placeholder), Some(name)]) => {
                    query.names.insert(placeholder.clone(), name.clone());
                }
                _ => {}
            }
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}

/// The keys of each index, partition first, as the queries have them.
fn indexes() -> BTreeMap<String, Vec<String>> {
    let mut queries = Queries::default();
    for file in repository::rust_files(code::ADAPTER) {
        queries.visit_file(&sources::parsed(&file));
    }
    let names = code::index_names();
    let mut found = BTreeMap::new();
    for query in queries.0.into_iter().filter(|query| query.index.is_some()) {
        let index = names[query.index.as_ref().expect("an index")].clone();
        let named: Vec<String> = query
            .condition
            .split(|character: char| !(character.is_ascii_alphanumeric() || "#_".contains(character)))
            .filter(|word| word.starts_with('#'))
            .map(|placeholder| query.names[placeholder].clone())
            .collect();
        let mut keys = named;
        if keys.len() == 1 {
            // The order is only named where a page goes on.
            let rest = query.pairs.iter().filter(|name| name.starts_with(&format!("{}_", keys[0])));
            keys.extend(rest.cloned().collect::<Vec<_>>());
        }
        assert_eq!(keys.len(), 2, "{index}: this test reads its query wrongly: {query:?}");
        found.insert(index, keys);
    }
    found
}

/// The types of attributes, by the fields that are written into them.
fn kinds() -> BTreeMap<String, &'static str> {
    let mut kinds = BTreeMap::from([("pk".to_owned(), "S"), ("sk".to_owned(), "S")]);
    for item in repository::rust_files(code::ADAPTER).iter().flat_map(|file| sources::parsed(file).items) {
        let Item::Struct(row) = item else { continue };
        let Fields::Named(fields) = row.fields else { continue };
        for field in &fields.named {
            let name = field.ident.as_ref().expect("a name").to_string();
            kinds.insert(name, if last_of(&field.ty) == "Timestamp" { "N" } else { "S" });
        }
    }
    kinds
}

/// `Option<billing::Timestamp>` is a `Timestamp`.
fn last_of(kind: &Type) -> String {
    let Type::Path(path) = kind else { return String::new() };
    let Some(last) = path.path.segments.last() else { return String::new() };
    match &last.arguments {
        syn::PathArguments::AngleBracketed(inner) if last.ident == "Option" => match inner.args.first() {
            Some(syn::GenericArgument::Type(inner)) => last_of(inner),
            _ => String::new(),
        },
        _ => last.ident.to_string(),
    }
}

fn key(partition: &str, sort: &str) -> Value {
    json!([
        { "AttributeName": partition, "KeyType": "HASH" },
        { "AttributeName": sort, "KeyType": "RANGE" },
    ])
}

#[test]
fn its_keys_and_indexes_are_those_that_the_adapter_asks_by() {
    let body = properties("BillingTable", "AWS::DynamoDB::Table");
    assert_eq!(body["KeySchema"], key("pk", "sk"));
    let deployed: BTreeMap<&str, &Value> = body["GlobalSecondaryIndexes"]
        .as_array()
        .expect("indexes")
        .iter()
        .map(|index| (index["IndexName"].as_str().expect("a name"), index))
        .collect();
    let asked = indexes();
    assert_eq!(deployed.keys().copied().collect::<Vec<_>>(), asked.keys().map(String::as_str).collect::<Vec<_>>());
    for (name, keys) in &asked {
        // A query takes the names of rows from an index, and the rows from the table: an index may be behind, and a copy of
        // every payment in it would be paid for with each write.
        let wanted = json!({
            "IndexName": name,
            "KeySchema": key(&keys[0], &keys[1]),
            "Projection": { "ProjectionType": "KEYS_ONLY" },
        });
        assert_eq!(*deployed[name.as_str()], wanted);
    }
    let attributes: BTreeSet<String> =
        asked.into_values().flatten().chain(["pk".to_owned(), "sk".to_owned()]).collect();
    let kinds = kinds();
    let wanted: BTreeMap<String, &str> =
        attributes.into_iter().map(|name| (name.clone(), *kinds.get(&name).expect("a field of a row"))).collect();
    let defined: BTreeMap<String, &str> = body["AttributeDefinitions"]
        .as_array()
        .expect("attributes")
        .iter()
        .map(|one| {
            (one["AttributeName"].as_str().expect("a name").to_owned(), one["AttributeType"].as_str().expect("a type"))
        })
        .collect();
    assert_eq!(defined, wanted);
}

/// A deleted stack, a replaced table, a wrong script, a lost disk: none of them takes what was paid and refunded away.
#[test]
fn what_holds_money_outlives_its_stack_and_every_mistake() {
    assert_eq!(resources_of("AWS::DynamoDB::Table"), ["BillingTable"], "one table holds everything");
    let (whole, body) = (resource("BillingTable"), properties("BillingTable", "AWS::DynamoDB::Table"));
    for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
        assert_eq!(whole[policy], "Retain", "{policy}");
    }
    assert_eq!(body["DeletionProtectionEnabled"], true);
    assert_eq!(body["PointInTimeRecoverySpecification"], json!({ "PointInTimeRecoveryEnabled": true }));
    // With a key in KMS: its use can be seen and taken away.
    assert_eq!(body["SSESpecification"], json!({ "SSEEnabled": true }));
    // A charge that is throttled is a charge that waits; nobody has a capacity to guess.
    assert_eq!(body["BillingMode"], "PAY_PER_REQUEST");
    assert!(!body.contains_key("ProvisionedThroughput"));
    // A name of its own could not be replaced by CloudFormation, and would be shared by two stacks.
    assert!(!body.contains_key("TableName"));
}

/// The adapter deletes nothing (`roles` would have to allow it), and no row has an end: not those of idempotent requests either, which
/// are the rows of what was asked for. A time to live would take money rows away as soon as one of them had an attribute of that name.
#[test]
fn no_row_vanishes_by_itself() {
    let body = properties("BillingTable", "AWS::DynamoDB::Table");
    assert!(!body.contains_key("TimeToLiveSpecification"), "which rows may vanish, and when?");
}

#[test]
fn what_stands_in_the_template_is_known() {
    // A kind of resource that no test here knows is one that nobody has asked a question about.
    let known: BTreeSet<&str> = [
        "AWS::ApiGatewayV2::Api",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Route",
        "AWS::ApiGatewayV2::Stage",
        "AWS::CloudWatch::Alarm",
        "AWS::DynamoDB::Table",
        "AWS::Events::EventBus",
        "AWS::IAM::Role",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "AWS::Logs::MetricFilter",
        "AWS::SQS::Queue",
        "AWS::SecretsManager::Secret",
        "AWS::Serverless::Function",
        "AWS::Serverless::HttpApi",
    ]
    .into();
    let used: BTreeSet<&str> = object(&document()["Resources"], "Resources")
        .values()
        .map(|body| body["Type"].as_str().expect("a type"))
        .collect();
    assert_eq!(used, known);
    assert_eq!(document()["Transform"], "AWS::Serverless-2016-10-31", "the only version of SAM's language there is");
    assert_eq!(document()["AWSTemplateFormatVersion"], "2010-09-09", "and of CloudFormation's");
}
