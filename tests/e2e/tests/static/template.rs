//! Routes and timers as template.yaml deploys them. Read here once more, and independently of the sandbox's gateway. Below are the
//! rules on everything else in it: each takes the right value from the code, or from a document that it names.

mod alarms;
mod api;
mod code;
mod document;
mod functions;
mod roles;
mod secrets;
mod settings;
mod stream;
mod sweep;
mod table;

use std::collections::BTreeSet;

use yaml_serde::Value;

use crate::repository;

/// A route of one of the APIs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// Such as `POST /charges`.
    pub(crate) key: String,
    /// The function behind it.
    pub(crate) function: String,
    /// A token needs one of them; no token is asked for where there is none.
    pub(crate) scopes: BTreeSet<String>,
}

pub(crate) struct Template {
    pub(crate) routes: Vec<Route>,
    /// The functions that a timer starts.
    pub(crate) timers: BTreeSet<String>,
    /// The functions that the table's stream starts.
    pub(crate) streams: BTreeSet<String>,
}

impl Template {
    /// The functions that no request starts.
    pub(crate) fn without_route(&self) -> BTreeSet<String> {
        self.timers.union(&self.streams).cloned().collect()
    }
}

impl Template {
    pub(crate) fn read() -> Self {
        let document: Value = yaml_serde::from_str(&repository::read("template.yaml")).expect("YAML");
        let resources = &document["Resources"];
        let mut template = Self { routes: Vec::new(), timers: BTreeSet::new(), streams: BTreeSet::new() };
        for (name, resource) in resources.as_mapping().expect("resources") {
            let (name, properties) = (text(name), &resource["Properties"]);
            match text(&resource["Type"]).as_str() {
                "AWS::Serverless::Function" => template.function(&name, resource),
                "AWS::ApiGatewayV2::Route" => {
                    assert_eq!(text(&properties["AuthorizationType"]), "NONE", "{name}: teach this test its scopes");
                    let integration = text(&properties["Target"]).replace("integrations/${", "").replace('}', "");
                    let target = text(&resources[integration.as_str()]["Properties"]["IntegrationUri"]);
                    let behind = &resources[target.trim_end_matches(".Arn")];
                    template.routes.push(Route {
                        key: text(&properties["RouteKey"]),
                        function: binary(behind),
                        scopes: BTreeSet::new(),
                    });
                }
                _ => {}
            }
        }
        assert!(!template.routes.is_empty() && !template.timers.is_empty(), "no routes or no timers");
        template
    }

    fn function(&mut self, name: &str, resource: &Value) {
        let function = binary(resource);
        let Some(events) = resource["Properties"].get("Events") else { return };
        for (event, trigger) in events.as_mapping().expect("events") {
            let (at, properties) = (format!("{name}.{}", text(event)), &trigger["Properties"]);
            match text(&trigger["Type"]).as_str() {
                "HttpApi" => {
                    let scopes = properties["Auth"]["AuthorizationScopes"].as_sequence();
                    let scopes: BTreeSet<String> = scopes.into_iter().flatten().map(text).collect();
                    let open = properties["Auth"].get("Authorizer").is_some_and(|name| text(name) == "NONE");
                    assert_eq!(open, scopes.is_empty(), "{at}: a token without any scope would do");
                    let key = format!("{} {}", text(&properties["Method"]), text(&properties["Path"]));
                    self.routes.push(Route { key, function: function.clone(), scopes });
                }
                "ScheduleV2" => {
                    assert!(properties.get("Input").is_none(), "{at}: its event is no longer the scheduler's own");
                    self.timers.insert(function.clone());
                }
                "DynamoDB" => {
                    self.streams.insert(function.clone());
                }
                other => panic!("{at}: teach this test the trigger {other}"),
            }
        }
    }

    pub(crate) fn route(&self, key: &str) -> Option<&Route> {
        self.routes.iter().find(|route| route.key == key)
    }
}

fn binary(function: &Value) -> String {
    text(&function["Metadata"]["BuildProperties"]["Binary"])
}

/// A text, with or without a tag of CloudFormation's.
fn text(value: &Value) -> String {
    match value {
        Value::Tagged(tagged) => text(&tagged.value),
        other => other.as_str().unwrap_or_else(|| panic!("not a text: {other:?}")).to_owned(),
    }
}

#[test]
fn every_function_is_deployed() {
    let template = Template::read();
    let deployed: BTreeSet<String> =
        template.routes.iter().map(|route| route.function.clone()).chain(template.without_route()).collect();
    let built: BTreeSet<String> = repository::functions().into_iter().collect();
    assert_eq!(deployed, built);
}
