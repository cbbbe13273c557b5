//! openapi.yaml, and holding requests and answers against it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The document.
#[derive(Debug)]
pub struct Contract {
    document: Value,
}

/// One method of one path.
#[derive(Debug)]
pub struct Operation<'a> {
    /// Such as `POST /charges`.
    pub key: String,
    contract: &'a Contract,
    path: &'a Value,
    operation: &'a Value,
}

impl Contract {
    /// Reads it from the repository.
    pub fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.yaml");
        let text = std::fs::read_to_string(path).expect("openapi.yaml");
        let document = yaml_serde::from_str(&text).expect("YAML");
        Self { document }
    }

    /// All methods of all paths.
    pub fn operations(&self) -> Vec<Operation<'_>> {
        let mut operations = Vec::new();
        for (path, item) in self.document["paths"].as_object().expect("paths") {
            for (method, operation) in
                item.as_object().expect("a path").iter().filter(|(m, _)| METHODS.contains(&&***m))
            {
                let key = format!("{} {path}", method.to_uppercase());
                operations.push(Operation { key, contract: self, path: item, operation });
            }
        }
        operations
    }

    /// One of them by its key.
    pub fn operation(&self, key: &str) -> Operation<'_> {
        let found = self.operations().into_iter().find(|operation| operation.key == key);
        found.unwrap_or_else(|| panic!("openapi.yaml has no {key}"))
    }

    /// A named schema.
    pub fn schema(&self, name: &str) -> &Value {
        self.document["components"]["schemas"].get(name).unwrap_or_else(|| panic!("openapi.yaml has no schema {name}"))
    }

    /// The fields of a schema and of those it is made of, other spellings and fields of nested objects included.
    pub fn fields(&self, schema: &Value) -> BTreeSet<String> {
        let schema = self.resolved(schema);
        let mut fields = BTreeSet::new();
        let made_of = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|word| schema[word].as_array());
        for part in made_of.flatten().chain(schema.get("items")) {
            fields.extend(self.fields(part));
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            fields.insert(name.clone());
            fields.extend(self.fields(property));
        }
        fields
    }

    /// What is wrong with a value by a schema; nothing if it keeps it.
    pub fn errors(&self, schema: &Value, value: &Value) -> Vec<String> {
        let whole = json!({ "allOf": [schema], "components": self.document["components"] });
        let validator = jsonschema::draft202012::new(&whole).expect("a schema");
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    /// Follows a `$ref`.
    pub fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let Some(reference) = value.get("$ref") else { return value };
        let pointer = reference.as_str().and_then(|text| text.strip_prefix('#')).expect("a reference into this file");
        self.resolved(self.document.pointer(pointer).unwrap_or_else(|| panic!("{pointer} leads nowhere")))
    }

    /// The texts that a schema lists.
    pub fn listed(&self, schema: &Value) -> BTreeSet<String> {
        let texts = self.resolved(schema)["enum"].as_array().expect("a list of values").iter();
        texts.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// By HTTP status, the problem codes that any operation may answer with.
    pub fn codes_by_status(&self) -> BTreeMap<u16, BTreeSet<String>> {
        let mut all: BTreeMap<u16, BTreeSet<String>> = BTreeMap::new();
        for operation in self.operations() {
            for status in operation.statuses() {
                all.entry(status).or_default().extend(operation.codes(status));
            }
        }
        all
    }
}

impl Operation<'_> {
    /// The scopes that admit; empty if no token is asked for.
    pub fn scopes(&self) -> BTreeSet<String> {
        let schemes = &self.contract.document["components"]["securitySchemes"];
        let alternatives = self.operation["security"].as_array().expect("every operation says who may call it");
        let mut scopes = BTreeSet::new();
        for (scheme, wanted) in alternatives.iter().flat_map(|one| one.as_object().expect("a requirement")) {
            for scope in wanted.as_array().expect("scopes") {
                let scope = scope.as_str().expect("a scope");
                let flows = schemes[scheme]["flows"].as_object().expect("flows");
                assert!(flows.values().all(|flow| flow["scopes"].get(scope).is_some()), "{scheme} knows no {scope}");
                scopes.insert(scope.to_owned());
            }
        }
        scopes
    }

    /// Names of the parameters at one place: `query`, `path` or `header`.
    pub fn parameters(&self, place: &str) -> BTreeSet<String> {
        let own = self.operation["parameters"].as_array().into_iter().flatten();
        let shared = self.path["parameters"].as_array().into_iter().flatten();
        let parameters = own.chain(shared).map(|parameter| self.contract.resolved(parameter));
        let there = parameters.filter(|parameter| parameter["in"] == place);
        there.map(|parameter| parameter["name"].as_str().expect("a name").to_owned()).collect()
    }

    /// The schema of a request's body.
    pub fn request(&self, content_type: &str) -> Option<&Value> {
        self.body().get(content_type)?.get("schema")
    }

    /// The fields of a request's body, in whatever form it comes.
    pub fn request_fields(&self) -> BTreeSet<String> {
        let contents = self.body().as_object().into_iter().flat_map(serde_json::Map::values);
        contents.flat_map(|content| self.contract.fields(&content["schema"])).collect()
    }

    fn body(&self) -> &Value {
        &self.contract.resolved(&self.operation["requestBody"])["content"]
    }

    /// The examples of requests by name, with their content type.
    pub fn examples(&self) -> Vec<(String, String, &Value)> {
        let contents = self.body().as_object();
        let mut examples = Vec::new();
        for (content_type, content) in contents.into_iter().flatten() {
            for (name, example) in content["examples"].as_object().into_iter().flatten() {
                examples.push((name.clone(), content_type.clone(), &example["value"]));
            }
        }
        examples
    }

    /// The statuses that it may answer with.
    pub fn statuses(&self) -> Vec<u16> {
        let responses = self.operation["responses"].as_object().expect("responses");
        responses.keys().map(|status| status.parse().expect("a status")).collect()
    }

    fn content(&self, status: u16) -> Option<&serde_json::Map<String, Value>> {
        let response = self.operation["responses"].get(status.to_string())?;
        self.contract.resolved(response).get("content")?.as_object()
    }

    /// The problem codes that come with a status.
    pub fn codes(&self, status: u16) -> BTreeSet<String> {
        let problem = self.content(status).and_then(|content| content.get("application/problem+json"));
        problem.map(|media| self.contract.listed(&media["schema"]["properties"]["code"])).unwrap_or_default()
    }

    /// What is wrong with an answer; nothing if the contract has it. `body` is `None` where there is none.
    pub fn answer_errors(&self, status: u16, content_type: &str, body: Option<&Value>) -> Vec<String> {
        if !self.statuses().contains(&status) {
            return vec![format!("{}: no answer {status}", self.key)];
        }
        let kind = content_type.split(';').next().unwrap_or_default();
        match (body, self.content(status)) {
            (None, None) => Vec::new(),
            (Some(body), Some(content)) => match content.get(kind) {
                Some(media) => self.contract.errors(&media["schema"], body),
                None => vec![format!("{} {status}: no content {kind}", self.key)],
            },
            (Some(_), None) => vec![format!("{} {status}: a body where none is due", self.key)],
            (None, Some(_)) => vec![format!("{} {status}: no body", self.key)],
        }
    }
}
