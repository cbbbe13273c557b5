//! What is deployed around the function that takes cards. Its events hold card numbers, so nothing may keep one: it is
//! called synchronously, without a dead-letter queue and without a destination (reliability, P11).

use std::collections::BTreeMap;
use std::path::Path;

use sandbox::template::Template;
use serde_json::{Map, Value, json};
use simulation::rng::Rng;

use crate::rule::{Rule, Violation};
use crate::world::{Outcome, WorldError};

/// Where a card number is taken.
const CARD_ROUTES: &[(&str, &str)] = &[("POST", "/billing-keys")];
/// Properties of a function that keep its events, or start it by anything but a request.
const KEEPS_EVENTS: &[&str] = &["DeadLetterConfig", "DeadLetterQueue", "EventInvokeConfig"];
/// Resources that attach one of them from outside.
const ATTACHES: &[&str] = &["AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping"];
/// What a role must not be allowed to send to.
const SENDS: &[&str] = &["events:", "firehose:", "kinesis:", "lambda:", "sns:", "sqs:"];

/// The resources of `template.yaml`.
#[derive(Debug, Clone)]
pub struct Deploy {
    resources: BTreeMap<String, Map<String, Value>>,
}

impl Deploy {
    /// Reads the template of this repository.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read() -> Result<Self, WorldError> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
        let template = Template::load(&path, BTreeMap::new()).map_err(WorldError::made)?;
        let resources = template.resources().map_err(WorldError::made)?;
        let resources = resources.into_iter().map(|resource| (resource.id.to_owned(), resource.body.clone()));
        Ok(Self { resources: resources.collect() })
    }

    /// Runs one seed: a function that takes no cards may keep its events; with the bug the one that takes them does.
    pub(crate) fn run(&self, seed: u64, with_bug: bool) -> Outcome {
        let (mut rng, mut copy) = (Rng::new(seed), self.clone());
        let mut journal = Vec::new();
        let takers = self.card_functions();
        for id in self.functions().filter(|id| takers.contains(id) == with_bug) {
            if rng.chance(if with_bug { 1_000 } else { 300 }) {
                journal.push(copy.keep_events_of(id, &mut rng));
            }
        }
        Outcome { violations: copy.violations(), journal }
    }

    fn functions(&self) -> impl Iterator<Item = &str> {
        let is_function = |body: &Map<String, Value>| body.get("Type") == Some(&json!("AWS::Serverless::Function"));
        self.resources.iter().filter(move |(_, body)| is_function(body)).map(|(id, _)| id.as_str())
    }

    fn events(&self, function: &str) -> Vec<&Value> {
        let body = self.resources.get(function);
        let events = body.and_then(|body| body.get("Properties")?.get("Events")?.as_object());
        events.into_iter().flat_map(Map::values).collect()
    }

    fn card_functions(&self) -> Vec<&str> {
        let takes_cards = |event: &&Value| {
            let text = |name: &str| event["Properties"][name].as_str().unwrap_or_default();
            CARD_ROUTES.contains(&(text("Method"), text("Path")))
        };
        self.functions().filter(|id| self.events(id).iter().any(takes_cards)).collect()
    }

    /// Where an event of the card route could be kept.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let takers = self.card_functions();
        let mut found = Vec::new();
        if takers.len() < CARD_ROUTES.len() {
            found.push("no function takes cards: this check reads the template wrongly".to_owned());
        }
        for id in takers {
            let properties =
                self.resources.get(id).and_then(|body| body.get("Properties")).cloned().unwrap_or_default();
            found.extend(
                KEEPS_EVENTS
                    .iter()
                    .filter(|name| properties.get(**name).is_some())
                    .map(|name| format!("{id} has {name}")),
            );
            let requests_only = self.events(id).iter().all(|event| event["Type"] == json!("HttpApi"));
            if !requests_only {
                found.push(format!("{id} is started by something else than a request"));
            }
            for (other, body) in &self.resources {
                let attaches = ATTACHES.iter().any(|kind| body.get("Type") == Some(&json!(kind)));
                if attaches && Value::Object(body.clone()).to_string().contains(&format!("\"{id}\"")) {
                    found.push(format!("{other} keeps the events of {id}"));
                }
            }
            let role = properties["Role"].to_string();
            let own = self
                .resources
                .iter()
                .filter(|(name, _)| role.contains(&format!("\"{name}\"")) || role.contains(&format!("\"{name}.")));
            for (name, body) in own {
                let policies = Value::Object(body.clone()).to_string();
                if let Some(action) = SENDS.iter().find(|action| policies.contains(&format!("\"{action}"))) {
                    found.push(format!("{name} of {id} may send to {action}*"));
                }
            }
        }
        found.into_iter().map(|detail| Violation::new(Rule::CardKeptNowhere, detail)).collect()
    }

    /// Gives a function a queue for its failed events, in one of the ways that there are.
    fn keep_events_of(&mut self, id: &str, rng: &mut Rng) -> String {
        let queue = json!({ "Fn::GetAtt": ["SweepDeadLetters", "Arn"] });
        let on_failure = json!({ "OnFailure": { "Type": "SQS", "Destination": queue.clone() } });
        let way = rng.below(4);
        if way == 3 {
            let body = json!({
                "Type": "AWS::Lambda::EventInvokeConfig",
                "Properties": { "FunctionName": { "Ref": id }, "Qualifier": "$LATEST", "DestinationConfig": on_failure },
            });
            self.resources.extend(body.as_object().map(|body| (format!("{id}Invoke"), body.clone())));
            return format!("{id}: a resource of its own");
        }
        let Some(properties) = self.resources.get_mut(id).and_then(|body| body.get_mut("Properties")) else {
            return format!("{id} has no properties");
        };
        let (name, value) = match way {
            0 => ("DeadLetterQueue", json!({ "Type": "SQS", "TargetArn": queue })),
            1 => ("EventInvokeConfig", json!({ "DestinationConfig": on_failure })),
            _ => ("DeadLetterConfig", json!({ "TargetArn": queue })),
        };
        properties[name] = value;
        format!("{id}: {name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_card_route_of_this_repository_keeps_nothing() {
        let deploy = Deploy::read().unwrap();
        assert_eq!(deploy.card_functions(), ["IssueBillingKeyFunction"]);
        assert_eq!(deploy.violations(), []);
    }

    #[test]
    fn a_role_that_may_send_to_a_queue_is_found() {
        let mut deploy = Deploy::read().unwrap();
        let role = deploy.resources.get_mut("IssueBillingKeyRole").unwrap();
        role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]["Action"] = json!(["sqs:SendMessage"]);
        assert_eq!(deploy.violations().len(), 1);
    }
}
