//! What a function reads from its environment is what the template sets, and each parameter is one that it can be given.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use runtime::Config;
use runtime::config::ConfigError;
use serde_json::{Value, json};

use super::document::{camel, document, object, reference, substituted, text, unless_absent};

/// Variables that no deployed function is given, and why.
const NOT_DEPLOYED: &[(&str, &str)] = &[
    ("SANDBOX_CLOCK_FILE", "moves the clock beside a simulator"),
    ("QUARANTINE_SECONDS", "shortened by tests only: below its default a late execution could meet a second POST"),
];
/// Variables that libraries read, and what they have to say. rustls-native-certs reads the bundle at `SSL_CERT_FILE` instead of
/// looking through a folder; on Amazon Linux 2023 it is this file (package ca-certificates).
const OF_LIBRARIES: &[(&str, &str)] = &[("SSL_CERT_FILE", "/etc/pki/tls/certs/ca-bundle.crt")];
/// Where Iamport sends V1 webhooks from (its guide to webhooks, "IP allow list").
const WEBHOOK_IPS: &str = "52.78.100.19,52.78.48.223,52.78.5.241";
/// Parameters that are no variable of a function's.
const OF_RESOURCES: &[&str] = &[
    "JwtIssuer",
    "JwtAudience",
    "CorsOrigins",
    "Architecture",
    "LogLevel",
    "LogRetentionDays",
    "CardConcurrency",
    "WebhookConcurrency",
    "AlarmTopicArn",
];
/// Values that one setting or another does not take.
const PROBES: &[&str] = &[
    "canary",
    "http://shop.example",
    "krw",
    "KRW,",
    "-1",
    "0",
    "https://",
    "https://a b.example",
    "x\nhttps://a.example",
];

fn variables() -> &'static Value {
    &document()["Globals"]["Function"]["Environment"]["Variables"]
}

fn parameters() -> &'static Value {
    &document()["Parameters"]
}

/// `IMPORT_BASE_URL` is given by the parameter `ImportBaseUrl`.
fn parameter_of(variable: &str) -> String {
    camel(variable.split('_'))
}

fn default_of(parameter: &str) -> String {
    match &parameters()[parameter]["Default"] {
        Value::Number(number) => number.to_string(),
        other => text(other, &format!("the default of {parameter}")).to_owned(),
    }
}

/// The variables that [`Config`] asks for.
fn read_by_the_code() -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    Config::read(|name| {
        asked.borrow_mut().insert(name.to_owned());
        Some(required(name)).filter(|value| !value.is_empty())
    })
    .expect("the defaults");
    asked.into_inner()
}

fn required(name: &str) -> String {
    if matches!(name, "TABLE_NAME" | "IAMPORT_SECRET_ID") { "x".to_owned() } else { String::new() }
}

/// The configuration, all of it, with some variables set.
fn configured(set: &BTreeMap<&str, String>) -> Result<Config, ConfigError> {
    let config = Config::read(|name| Some(set.get(name).cloned().unwrap_or_else(|| required(name))))?;
    config.psp()?;
    Ok(config)
}

fn settable() -> Vec<&'static str> {
    let set = object(variables(), "the environment").keys().map(String::as_str);
    set.filter(|name| parameters().get(parameter_of(name)).is_some()).collect()
}

#[test]
fn a_function_is_given_the_variables_that_it_reads_and_no_others() {
    let set: BTreeSet<String> = object(variables(), "the environment").keys().cloned().collect();
    let mut wanted = read_by_the_code();
    for (name, why) in NOT_DEPLOYED {
        assert!(wanted.remove(*name), "nothing reads {name} any more ({why})");
    }
    wanted.extend(OF_LIBRARIES.iter().map(|(name, _)| (*name).to_owned()));
    assert_eq!(set, wanted, "left: template.yaml; right: what runtime::config reads");
}

#[test]
fn each_variable_says_what_its_parameter_or_resource_says() {
    let at_iamports = "https://${WebhookApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/webhooks/iamport";
    for (name, value) in object(variables(), "the environment") {
        let wanted = match name.as_str() {
            "TABLE_NAME" => reference("BillingTable"),
            // By its ARN: a name of a few characters more or less is another secret's pattern.
            "IAMPORT_SECRET_ID" => reference("IamportSecret"),
            // The webhook's route without its token, which runtime::secret appends.
            "NOTICE_URL" => substituted(at_iamports),
            library if OF_LIBRARIES.iter().any(|(known, _)| *known == library) => {
                let (_, value) = OF_LIBRARIES.iter().find(|(known, _)| *known == library).expect("known");
                json!(value)
            }
            _ => {
                let parameter = parameter_of(name);
                assert!(parameters().get(&parameter).is_some(), "{name}: there is no parameter {parameter}");
                let given = reference(&parameter);
                // What is absent by default is left out, so that a console shows no variable that says nothing.
                let conditions = conditions_on(&parameter);
                match (default_of(&parameter).is_empty(), conditions.as_slice()) {
                    (false, _) => given,
                    (true, [condition]) => unless_absent(condition, given),
                    (true, others) => panic!("{parameter}: one condition says whether it is given, not {others:?}"),
                }
            }
        };
        assert_eq!(*value, wanted, "{name}");
    }
}

fn conditions_on(parameter: &str) -> Vec<String> {
    let absent = |condition: &Value| condition["!Not"][0]["!Equals"][0] == reference(parameter);
    let all = object(&document()["Conditions"], "Conditions").iter();
    all.filter(|(_, condition)| absent(condition)).map(|(name, _)| name.clone()).collect()
}

#[test]
fn a_condition_asks_whether_its_parameter_is_given() {
    for (name, condition) in object(&document()["Conditions"], "Conditions") {
        let parameter = condition["!Not"][0]["!Equals"][0]["!Ref"].as_str();
        let parameter = parameter.unwrap_or_else(|| panic!("{name} is no `!Not [!Equals [!Ref …]]`"));
        let default = &parameters()[parameter]["Default"];
        assert_eq!(*condition, json!({ "!Not": [{ "!Equals": [reference(parameter), default] }] }), "{name}");
    }
}

/// Every choice of the template: a condition, what is given, and nothing otherwise.
fn choices<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(entries) => {
            found.extend(entries.get("!If"));
            entries.values().for_each(|value| choices(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| choices(value, found)),
        _ => {}
    }
}

#[test]
fn a_choice_is_what_was_given_or_nothing() {
    let mut found = Vec::new();
    choices(document(), &mut found);
    assert!(found.len() > 10, "only {} choices: this test reads the template wrongly", found.len());
    for choice in found {
        let (condition, given, otherwise) = (text(&choice[0], "a condition"), &choice[1], &choice[2]);
        let of = &document()["Conditions"][condition]["!Not"][0]["!Equals"][0];
        assert!(given == of || *given == json!([of]), "{condition} asks for {of}, and gives {given}");
        assert_eq!(*otherwise, reference("AWS::NoValue"), "{condition}");
    }
}

#[test]
fn what_nobody_chooses_is_what_the_code_would_choose() {
    let given: BTreeMap<&str, String> =
        settable().into_iter().map(|name| (name, default_of(&parameter_of(name)))).collect();
    let mut wanted = BTreeMap::new();
    // The code knows no address by itself; whoever deploys is given the published ones.
    wanted.insert("WEBHOOK_IPS", WEBHOOK_IPS.to_owned());
    assert_eq!(configured(&given).expect("the template's defaults"), configured(&wanted).expect("the code's"));
}

#[test]
fn every_value_that_is_offered_is_one_that_the_code_knows_and_tells_from_the_others() {
    for name in settable() {
        let parameter = parameter_of(name);
        let Some(allowed) = parameters()[&parameter]["AllowedValues"].as_array() else { continue };
        let mut seen = Vec::new();
        for value in allowed {
            let value = text(value, &parameter).to_owned();
            let config = configured(&BTreeMap::from([(name, value.clone())]));
            let config = config.unwrap_or_else(|error| panic!("{parameter} offers {value}: {error}"));
            assert!(!seen.contains(&config), "{parameter}: {value} changes nothing");
            seen.push(config);
        }
        assert!(seen.len() > 1, "{parameter} offers no choice");
        assert!(allowed.contains(&json!(default_of(&parameter))), "{parameter} does not offer its default");
    }
}

/// What CloudFormation takes for a parameter.
fn takes(parameter: &str, value: &str) -> bool {
    let rules = &parameters()[parameter];
    let mut schema = json!({});
    if let Some(pattern) = rules.get("AllowedPattern") {
        schema["pattern"] = pattern.clone();
    }
    if let Some(values) = rules.get("AllowedValues") {
        let values: Vec<Value> = values.as_array().expect("values").iter().map(|value| json!(plain(value))).collect();
        schema["enum"] = json!(values);
    }
    let matches = jsonschema::validator_for(&schema).expect("a pattern").is_valid(&json!(value));
    let number = rules["Type"] == "Number";
    let least = rules.get("MinValue").map_or(i64::MIN, |least| least.as_i64().expect("a number"));
    matches && (!number || value.parse::<i64>().is_ok_and(|number| number >= least))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A stack that is made with it would be one whose functions do not start.
#[test]
fn what_the_code_refuses_is_refused_when_the_stack_is_made() {
    for name in settable() {
        let parameter = parameter_of(name);
        assert!(takes(&parameter, &default_of(&parameter)), "{parameter} does not take its own default");
        // A list of free words has no pattern that a person could read, and neither has an address list.
        if matches!(name, "IAMPORT_CHECKOUT_PGS" | "IAMPORT_VBANK_CHANNELS" | "WEBHOOK_IPS" | "IAMPORT_TIER") {
            continue;
        }
        for probe in PROBES {
            let refused = configured(&BTreeMap::from([(name, (*probe).to_owned())]));
            if let Err(error) = refused {
                assert!(!takes(&parameter, probe), "{parameter} takes {probe:?}, and the functions do not: {error}");
            }
        }
    }
    for (name, value) in [
        ("AMOUNT_MAX", "1"),
        ("IAMPORT_BASE_URL", "https://proxy.example/iamport"),
        ("CURRENCIES", "KRW,JPY,USD"),
        ("PUBLIC_URL", "https://pay.shop.example"),
        ("CHECKOUT_RETURN_URL", "https://shop.example/done"),
    ] {
        assert!(configured(&BTreeMap::from([(name, value.to_owned())])).is_ok(), "{name}: {value}");
        assert!(takes(&parameter_of(name), value), "{} does not take {value}", parameter_of(name));
    }
}

#[test]
fn what_no_function_reads_takes_only_what_its_resource_can_use() {
    // OpenID Connect Discovery 1.0, 4: the issuer is an https URL. An authorizer takes no other.
    for (parameter, taken, refused) in [
        ("JwtIssuer", "https://issuer.example/pool", &["", "http://issuer.example", "issuer.example"][..]),
        ("AlarmTopicArn", "arn:aws:sns:ap-northeast-2:111122223333:alarms", &["alarms", "https://alarms.example"]),
        ("AlarmTopicArn", "", &["-"]),
        ("CardConcurrency", "0", &["-1"]),
        ("WebhookConcurrency", "0", &["-1"]),
        ("Architecture", "x86_64", &["arm", "x86"]),
        ("LogRetentionDays", "365", &["0", "1", "14"]),
    ] {
        assert!(takes(parameter, taken), "{parameter} does not take {taken:?}");
        for value in refused {
            assert!(!takes(parameter, value), "{parameter} takes {value:?}");
        }
    }
    for parameter in ["JwtIssuer", "JwtAudience", "CorsOrigins"] {
        let rules = object(&parameters()[parameter], parameter);
        assert!(!rules.contains_key("Default"), "{parameter}: who may call is never guessed");
    }
    // Reserved concurrency is taken from the account's quota, which a new account has none to spare of.
    for parameter in ["CardConcurrency", "WebhookConcurrency"] {
        assert_eq!(default_of(parameter), "0", "{parameter}");
    }
    assert_eq!(default_of("AlarmTopicArn"), "");
    assert_eq!(
        default_of("Architecture"),
        "arm64",
        "the documents say that it needs zig, and that it is the cheaper one"
    );
}

/// A dispute about a card payment is argued for months, and a question about last month's charge is answered with that month's log.
/// But access logs hold addresses of people: not for half a year unless somebody chooses to.
#[test]
fn logs_are_kept_through_a_quarter_unless_somebody_chooses() {
    let allowed = parameters()["LogRetentionDays"]["AllowedValues"].as_array().expect("values");
    let days: Vec<i64> = allowed.iter().map(|value| value.as_i64().expect("days")).collect();
    let default: i64 = default_of("LogRetentionDays").parse().expect("days");
    assert!((90..180).contains(&default) && days.contains(&default), "{default} days, of {days:?}");
    assert!(days.iter().all(|days| *days >= 30), "{days:?}: the daily comparison looks back further");
    assert!(days.iter().any(|days| *days >= 5 * 365), "{days:?}: records of payments are kept for five years in Korea");
    // CloudWatch Logs takes no others (API reference, PutRetentionPolicy).
    let taken = [30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1_096, 1_827, 2_192, 2_557, 2_922, 3_288, 3_653];
    assert!(days.iter().all(|days| taken.contains(days)), "{days:?}");
}

/// Those that both Lambda's `ApplicationLogLevel` and tracing know. At TRACE the SDK writes whole requests, and an alarm is a line at
/// ERROR, so no level may hide that.
#[test]
fn every_level_of_logs_can_be_chosen_but_those_that_say_too_much_or_too_little() {
    assert_eq!(parameters()["LogLevel"]["AllowedValues"], json!(["DEBUG", "INFO", "WARN", "ERROR"]));
    // `log::init` says so, too, where nobody does.
    assert_eq!(default_of("LogLevel"), "INFO");
}

#[test]
fn what_is_offered_is_what_is_taken_where_nobody_chooses() {
    for (name, rules) in object(parameters(), "Parameters") {
        let (Some(allowed), Some(default)) = (rules.get("AllowedValues"), rules.get("Default")) else { continue };
        assert!(allowed.as_array().expect("values").contains(default), "{name}: {default} is none of {allowed}");
    }
    // cargo-lambda builds for both, and the README says how.
    assert_eq!(parameters()["Architecture"]["AllowedValues"], json!(["arm64", "x86_64"]));
}

fn mentions(value: &Value, name: &str) -> bool {
    match value {
        Value::Object(entries) => {
            entries.iter().any(|(key, value)| (key == "!Ref" && value == name) || mentions(value, name))
        }
        Value::Array(items) => items.iter().any(|value| mentions(value, name)),
        _ => false,
    }
}

#[test]
fn every_parameter_is_used_and_shown_in_a_group() {
    let groups = &document()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"];
    let shown =
        groups.as_array().expect("groups").iter().flat_map(|group| group["Parameters"].as_array().expect("names"));
    let shown: BTreeSet<String> = shown.map(|name| text(name, "a parameter").to_owned()).collect();
    let all: BTreeSet<String> = object(parameters(), "Parameters").keys().cloned().collect();
    assert_eq!(shown, all);
    for parameter in &all {
        let used = mentions(&document()["Resources"], parameter) || mentions(&document()["Globals"], parameter);
        assert!(used, "nothing uses the parameter {parameter}");
    }
    let of_variables: BTreeSet<String> = settable().into_iter().map(parameter_of).collect();
    let of_resources: BTreeSet<String> = OF_RESOURCES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(&of_variables | &of_resources, all, "a parameter that no variable is named after");
}
