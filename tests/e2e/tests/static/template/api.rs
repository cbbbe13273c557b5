//! The two APIs: who is let in, how often, from which pages, and what is written down of it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::code;
use super::document::{
    attribute, document, logical, number, object, properties, reference, resources_of, substituted, text,
};
use super::{Route, Template};
use crate::{repository, sources};

/// What an access log may say besides (API Gateway's developer guide, "Customize HTTP API access logs", read 2026-11-29), less all
/// that a caller wrote: paths, queries, headers and hosts. A path may hold what somebody put there by mistake, a card number
/// included, and the webhook's is its token.
const LOGGED_AT_WILL: &[&str] =
    &["$context.authorizer.claims.sub", "$context.authorizer.error", "$context.responseLength"];
/// What somebody needs to find out what became of a request, and whose time it took. Nor does any of it hold what a caller wrote.
const LOGGED_AT_LEAST: &[&str] = &[
    "$context.identity.sourceIp",
    "$context.integrationErrorMessage",
    "$context.integrationLatency",
    "$context.requestId",
    "$context.requestTime",
    "$context.responseLatency",
    "$context.routeKey",
    "$context.status",
];
/// Headers that a page may read without being told (Fetch standard, "CORS-safelisted response-header name"), and those that browsers
/// alone are spoken to with.
const FOR_BROWSERS: &[&str] = &["cache-control", "content-security-policy", "content-type", "x-content-type-options"];

fn storefront() -> &'static Value {
    &document()["Resources"]["StorefrontApi"]["Properties"]
}

/// The storefront's routes, of both kinds; the webhook has an API of its own.
fn routes() -> Vec<Route> {
    Template::read().routes.into_iter().filter(|route| route.function != "webhook").collect()
}

fn throttle(settings: &Value, at: &str) -> (i64, i64) {
    let keys: Vec<&String> = object(settings, at).keys().collect();
    assert_eq!(keys, ["ThrottlingBurstLimit", "ThrottlingRateLimit"], "{at}");
    (number(&settings["ThrottlingBurstLimit"], at), number(&settings["ThrottlingRateLimit"], at))
}

#[test]
fn a_route_needs_a_token_of_the_issuer_unless_it_says_otherwise() {
    assert_eq!(resources_of("AWS::Serverless::HttpApi"), ["StorefrontApi"]);
    // The header that runtime::http hides from logs, and the only place for a token (RFC 6750, 2.1).
    let wanted = json!({
        "DefaultAuthorizer": "Jwt",
        "Authorizers": { "Jwt": {
            "IdentitySource": "$request.header.Authorization",
            "JwtConfiguration": { "issuer": reference("JwtIssuer"), "audience": reference("JwtAudience") },
        } },
    });
    assert_eq!(storefront()["Auth"], wanted);
    assert_eq!(document()["Parameters"]["JwtAudience"]["Type"], "CommaDelimitedList", "an authorizer takes a list");
    assert_eq!(storefront()["FailOnWarnings"], true, "a route that API Gateway does not understand is not deployed");
}

/// Without the API's name SAM makes another one of its own, which asks nobody for a token.
#[test]
fn every_route_belongs_to_the_storefronts_api() {
    for function in resources_of("AWS::Serverless::Function") {
        let Some(events) = properties(function, "AWS::Serverless::Function").get("Events") else { continue };
        for (name, event) in object(events, function).iter().filter(|(_, event)| event["Type"] == "HttpApi") {
            let event = object(&event["Properties"], name);
            assert_eq!(event.get("ApiId"), Some(&reference("StorefrontApi")), "{function}.{name}");
            let keys: Vec<&str> = event.keys().map(String::as_str).collect();
            assert_eq!(
                keys,
                ["ApiId", "Auth", "Method", "Path"],
                "{function}.{name}: teach this test what else it says"
            );
        }
    }
}

/// Everybody may call a route without a token, and card testing pays only in volume. Each of them has a throttle of its own, below
/// what all routes share, so that a flood there is refused there. One who signs in is held by the shared one.
#[test]
fn what_everybody_may_call_and_what_takes_a_card_has_a_throttle_of_its_own() {
    let (burst, rate) = throttle(&storefront()["DefaultRouteSettings"], "DefaultRouteSettings");
    // A storefront's own rush, and less than the 1,000 concurrent executions of a new account (Lambda's quotas) would be asked
    // for by requests that take the longest time there is.
    let longest = i64::try_from(runtime::HANDLER_BUDGET.as_secs()).expect("seconds");
    assert!((30..=1_000 / longest * 2).contains(&rate), "{rate} a second, each of up to {longest} s");
    assert!((rate..=2 * rate).contains(&burst), "a burst of {burst} over {rate} a second");
    let keys: BTreeSet<String> = object(&storefront()["RouteSettings"], "RouteSettings").keys().cloned().collect();
    let registering = |route: &Route| {
        // The window that registers a card is opened by the same people.
        code::card_functions().contains(&route.function) || route.key.ends_with("/billing-keys/window")
    };
    let of: Vec<Route> = routes().into_iter().filter(|route| route.scopes.is_empty() || registering(route)).collect();
    let wanted: BTreeSet<String> = of.iter().map(|route| route.key.clone()).collect();
    assert_eq!(keys, wanted, "left: RouteSettings; right: routes without a token, or that register a card");
    for route in of {
        let (own_burst, own_rate) = throttle(&storefront()["RouteSettings"][&route.key], &route.key);
        let most = match (route.scopes.is_empty(), code::card_functions().contains(&route.function)) {
            // A tenth of the shared one: a card that is tried is a call of the PSP that somebody pays for.
            (_, true) => rate / 10,
            // A window costs a row and no call of the PSP that takes money.
            (false, false) => rate / 5,
            (true, false) => rate / 2,
        };
        assert!((1..=most).contains(&own_rate), "{}: {own_rate} a second, and {most} are plenty", route.key);
        assert!((own_rate..=most).contains(&own_burst), "{}: a burst of {own_burst}", route.key);
    }
}

#[test]
fn pages_may_send_what_the_functions_read_and_read_what_they_send() {
    let cors = &storefront()["CorsConfiguration"];
    // The list of a parameter, split by CloudFormation: SAM would copy it in here as one origin.
    assert_eq!(cors["AllowOrigins"], json!({ "!Split": [",", reference("CorsOrigins")] }));
    let listed = |name: &str| -> BTreeSet<String> {
        cors[name].as_array().expect("a list").iter().map(|item| text(item, name).to_owned()).collect()
    };
    let methods = routes().iter().map(|route| route.key.split(' ').next().expect("a method").to_owned()).collect();
    assert_eq!(listed("AllowMethods"), methods);
    // `header` with a name reads one of a request's headers, with a value it writes one of a reply's.
    let calls = sources::calls(&["shared/runtime/src/http", "functions"]);
    let named = |arguments: usize| -> BTreeSet<String> {
        let calls =
            calls.iter().filter(|call| call.is_method && call.name == "header" && call.arguments.len() == arguments);
        calls.filter_map(|call| call.arguments[0].clone()).collect()
    };
    let mut read = named(1);
    // Whatever a client says of its address counts for nothing.
    read.remove("x-forwarded-for");
    assert!(repository::read("shared/runtime/src/http/request.rs").contains("const NAME: &str = \"Idempotency-Key\";"));
    read.insert("idempotency-key".to_owned());
    // The authorizer's.
    read.insert("authorization".to_owned());
    assert_eq!(listed("AllowHeaders"), read, "left: AllowHeaders; right: what runtime::http reads");
    let mut sent = named(2);
    sent.retain(|name| !FOR_BROWSERS.contains(&name.as_str()));
    assert_eq!(listed("ExposeHeaders"), sent, "left: ExposeHeaders; right: what replies carry");
    // A preflight a request would double the waiting; a wrong list must not be remembered for long (browsers: two hours at most).
    assert!((60..=7_200).contains(&number(&cors["MaxAge"], "MaxAge")));
    assert!(cors.get("AllowCredentials").is_none(), "no cookie is read");
}

fn logged(format: &Value, at: &str) -> BTreeSet<String> {
    let format: Value = serde_json::from_str(text(format, at)).unwrap_or_else(|error| panic!("{at}: {error}"));
    let values = object(&format, at).values().map(|value| text(value, at).to_owned());
    let values: BTreeSet<String> = values.collect();
    for value in &values {
        let harmless = LOGGED_AT_LEAST.iter().chain(LOGGED_AT_WILL).any(|known| known == value);
        assert!(harmless, "{at}: {value} may hold what a caller wrote");
    }
    for value in LOGGED_AT_LEAST {
        assert!(values.contains(*value), "{at}: {value} is missed when something is looked for");
    }
    values
}

#[test]
fn access_logs_say_nothing_that_a_caller_wrote() {
    for (api, settings) in [
        ("storefront", &storefront()["AccessLogSettings"]),
        ("webhook", &document()["Resources"]["WebhookStage"]["Properties"]["AccessLogSettings"]),
    ] {
        assert_eq!(settings["DestinationArn"], attribute(&format!("{}AccessLogs.Arn", logical(api))), "{api}");
        let values = logged(&settings["Format"], api);
        // Who was refused, and why, can only be seen here: the function is not asked.
        let refused = ["$context.authorizer.error", "$context.authorizer.claims.sub"];
        assert_eq!(refused.iter().all(|name| values.contains(*name)), api == "storefront", "{api}");
        assert_eq!(object(settings, api).len(), 2, "{api}");
    }
}

/// Iamport signs nothing and sends no credentials: the path's token is all there is, and every method is answered.
#[test]
fn the_webhook_has_an_api_of_its_own_and_one_route() {
    let id = reference("WebhookApi");
    let api = properties("WebhookApi", "AWS::ApiGatewayV2::Api");
    assert_eq!(json!(api), json!({ "Name": substituted("${AWS::StackName}-webhook"), "ProtocolType": "HTTP" }));
    let integration = json!({
        "ApiId": id,
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": attribute("WebhookFunction.Arn"),
        // What lambda_http reads of an HTTP API.
        "PayloadFormatVersion": "2.0",
    });
    assert_eq!(json!(properties("WebhookIntegration", "AWS::ApiGatewayV2::Integration")), integration);
    let route = properties("WebhookRoute", "AWS::ApiGatewayV2::Route");
    // The path of the address that the functions are given, and one more segment: the token.
    let notice = &document()["Globals"]["Function"]["Environment"]["Variables"]["NOTICE_URL"]["!Sub"];
    let (_, path) = text(notice, "NOTICE_URL").rsplit_once("AWS::URLSuffix}").expect("a path");
    assert_eq!(route["RouteKey"], format!("ANY {path}/{{token}}"));
    assert!(repository::read("functions/webhook/src/handler.rs").contains("request.path(\"token\")"));
    assert_eq!(route["ApiId"], id);
    assert_eq!(route["AuthorizationType"], "NONE");
    assert_eq!(route["Target"], substituted("integrations/${WebhookIntegration}"));
    assert_eq!(route.len(), 4);
    // This API may call this function, in any stage, by any method, on this path alone.
    let source = format!("${{WebhookApi}}/*/*{path}/*");
    let permission = json!({
        "FunctionName": reference("WebhookFunction"),
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": substituted(&format!("arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:{source}")),
    });
    assert_eq!(json!(properties("WebhookPermission", "AWS::Lambda::Permission")), permission);
    let stage = properties("WebhookStage", "AWS::ApiGatewayV2::Stage");
    // Without a stage's name in the path: NOTICE_URL has none. Nothing else deploys a route that changes.
    assert_eq!((&stage["ApiId"], &stage["StageName"], &stage["AutoDeploy"]), (&id, &json!("$default"), &json!(true)));
    // A webhook that is refused is not lost, the sweep finds what it told: no more than the routes without a token together.
    let (burst, rate) = throttle(&stage["DefaultRouteSettings"], "WebhookStage");
    let open = routes().into_iter().filter(|route| route.scopes.is_empty());
    let most: i64 = open
        .map(|route| throttle(&storefront()["RouteSettings"][&route.key], &route.key).1)
        .max()
        .expect("open routes");
    assert!(
        (10..=most).contains(&rate) && (rate..=most).contains(&burst),
        "{burst} and {rate} a second, {most} at most"
    );
}

/// The README tells people to look for these.
#[test]
fn the_stack_says_where_it_answers_and_what_is_to_be_filled_in() {
    let outputs = object(&document()["Outputs"], "Outputs");
    let at = |api: &str| format!("https://${{{api}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}");
    let notice = &document()["Globals"]["Function"]["Environment"]["Variables"]["NOTICE_URL"];
    let wanted = [
        ("ApiUrl", substituted(&at("StorefrontApi"))),
        ("EventBusName", reference("EventBus")),
        ("NoticeUrl", notice.clone()),
        ("SecretArn", reference("IamportSecret")),
        ("TableName", reference("BillingTable")),
    ];
    let said: Vec<(&str, Value)> =
        outputs.iter().map(|(name, output)| (name.as_str(), output["Value"].clone())).collect();
    let said: BTreeSet<String> = said.iter().map(|one| format!("{one:?}")).collect();
    assert_eq!(said, wanted.iter().map(|one| format!("{one:?}")).collect());
    assert!(repository::read("README.md").contains("`SecretArn`"));
}
