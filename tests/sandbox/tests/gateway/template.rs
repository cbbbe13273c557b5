//! What the gateway makes of a template: the routes, and the constructs at which it refuses to start.

use std::collections::BTreeMap;
use std::path::Path;

use sandbox::aws::table::Table;
use sandbox::gateway::routes::Access;
use sandbox::gateway::sam::Api;
use sandbox::template::Template;

use crate::support::fixture;

fn table_of_routes(api: &Api) -> Vec<String> {
    let mut lines: Vec<String> = api
        .routes
        .iter()
        .map(|route| {
            let access = match &route.access {
                Access::Open => "open".to_owned(),
                Access::Jwt { authorizer, scopes } => format!("{authorizer}[{}]", scopes.join(" ")),
            };
            format!("{} -> {} {access}", route.key(), route.function)
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn routes_authorizers_and_scopes_are_those_of_the_template() {
    assert_eq!(
        table_of_routes(&fixture()),
        [
            "ANY /files/{bucket}/{proxy+} -> file-store open",
            "ANY /webhooks/iamport/{token} -> webhook open",
            "GET / -> file-store open",
            "GET /charges/latest -> charge Jwt[]",
            "GET /charges/{merchant_uid} -> charge Jwt[billing/customer billing/merchant]",
            "GET /files/{bucket}/{proxy+} -> file-store open",
            "GET /slow -> charge open",
            "POST /charges -> charge Jwt[billing/merchant]",
            "POST /sweep -> sweep-every Jwt[]",
        ]
    );
}

#[test]
fn conditions_decide_which_functions_exist() {
    let parameters = BTreeMap::from([("Stage".to_owned(), "prod".to_owned())]);
    let template = Template::parse(include_str!("../fixtures/template.yaml"), parameters).expect("the fixture");
    let routes = table_of_routes(&Api::from_template(&template).expect("its API"));
    assert!(routes.contains(&"GET /debug -> debug open".to_owned()), "{routes:?}");
    assert!(!routes.iter().any(|route| route.contains("/sweep")), "{routes:?}");
}

/// The repository's own template: what is deployed is what runs locally.
#[test]
fn the_deployed_template_is_understood_and_only_what_others_call_is_open() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    let template = Template::load(&path, BTreeMap::new()).expect("the template");
    let routes = table_of_routes(&Api::from_template(&template).expect("its API"));
    Table::from_template(&template, "billing").expect("its table");
    let both = "Jwt[billing/customer billing/merchant]";
    for expected in [
        format!("POST /billing-keys -> issue-billing-key {both}"),
        format!("GET /billing-keys -> billing-keys {both}"),
        format!("DELETE /billing-keys/{{customer_uid}} -> billing-keys {both}"),
        "POST /charges -> charge Jwt[billing/merchant]".to_owned(),
        format!("GET /charges/{{merchant_uid}} -> charge {both}"),
        "POST /schedules -> schedule Jwt[billing/merchant]".to_owned(),
        "PATCH /schedules/{merchant_uid} -> schedule Jwt[billing/merchant]".to_owned(),
        "ANY /webhooks/iamport/{token} -> webhook open".to_owned(),
    ] {
        assert!(routes.contains(&expected), "{expected} is not among {routes:#?}");
    }
    for route in &routes {
        let open = route.ends_with(" open");
        // By design no JWT: the notice of the PSP, its question before it approves, and the way back of a browser.
        let paths =
            [" /webhooks/iamport/{token} ", " /checkouts/confirm/{token} ", " /checkouts/{merchant_uid}/return "];
        let meant = paths.iter().any(|path| route.contains(path));
        assert_eq!(open, meant, "{route}");
        assert!(open || !route.ends_with("[]"), "{route} asks for no scope");
    }
}

const HEAD: &str = "
Resources:
  Shop:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth: {DefaultAuthorizer: Jwt, Authorizers: {Jwt: {JwtConfiguration: {issuer: i, audience: [a]}}}}
";

fn refusal(template: &str) -> String {
    let template = match Template::parse(template, BTreeMap::new()) {
        Ok(template) => template,
        Err(error) => return error.to_string(),
    };
    Api::from_template(&template).expect_err("refused").to_string()
}

fn function(events: &str) -> String {
    format!(
        "{HEAD}
  ChargeFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Events:
        E: {events}
"
    )
}

#[test]
fn what_could_open_a_route_silently_stops_the_start() {
    let event = |properties: &str| function(&format!("{{Type: HttpApi, Properties: {{{properties}}}}}"));
    let without_default = event("Method: GET, Path: /x").replace("DefaultAuthorizer: Jwt, ", "");
    for (template, expected) in [
        (without_default, "would be open to everybody"),
        (event("Method: GET, Path: /x, Auth: {Authorizer: Other}"), "does not understand the authorizer Other"),
        (
            event("Method: GET, Path: /x, Auth: {Authorizer: NONE, AuthorizationScopes: [s]}"),
            "nothing would check them",
        ),
        (event("Method: GET, Path: /x, Auth: {InvokeRole: r}"), "Auth.InvokeRole"),
        (event("Method: GET, Path: /x, ApiId: !Ref Elsewhere"), "is not the API of this template"),
        (event("Method: GET, Path: /x, PayloadFormatVersion: '1.0'"), "PayloadFormatVersion"),
        (event("Method: GET"), "needs both Method and Path"),
        (event("Method: FETCH, Path: /x"), "is not a method"),
        (event("Method: GET, Path: x"), "does not begin with a slash"),
        (event("Method: GET, Path: '/x/{p+}/y'"), "goes on after a greedy variable"),
        (event("Method: GET, Path: '/x/a{p}'"), "variable inside a segment"),
        (function("{Type: Api, Properties: {Method: GET, Path: /x}}"), "an event of type `Api`"),
        (HEAD.replace("JwtConfiguration", "FunctionArn"), "only JWT authorizers"),
        (HEAD.replace("audience: [a]", "none: 1"), "needs a JwtConfiguration"),
        (HEAD.replace("DefaultAuthorizer: Jwt", "DefaultAuthorizer: Gone"), "is not among the Authorizers"),
        (HEAD.replace("Properties:", "Properties:\n      DefinitionBody: {}"), "routes must stand at the functions"),
        (format!("{HEAD}\n  Rest: {{Type: 'AWS::Serverless::Api'}}\n"), "AWS::Serverless::Api"),
        (format!("{HEAD}\n  Fn::ForEach::X: [a, [b], {{}}]\n"), "generated resources"),
        (format!("{HEAD}\n  Url: {{Type: 'AWS::Lambda::Url'}}\n"), "AWS::Lambda::Url"),
        (event("Method: GET, Path: !Mystery x"), "the tag `!Mystery`"),
        (event("Method: GET, Path: !GetAtt Shop.Path"), "Fn::GetAtt"),
        ("a: [".to_owned(), "not YAML"),
        (format!("{HEAD}\n  Shop: {{Type: A}}\n"), "not YAML"),
    ] {
        let refusal = refusal(&template);
        assert!(refusal.contains(expected), "`{refusal}` does not say `{expected}` about {template}");
    }
}

#[test]
fn the_same_route_twice_is_refused() {
    let twice = function("{Type: HttpApi, Properties: {Method: GET, Path: '/x/{a}'}}")
        + "        F: {Type: HttpApi, Properties: {Method: GET, Path: '/x/{b}', Auth: {Authorizer: NONE}}}\n";
    let refusal = refusal(&twice);
    assert!(refusal.contains("declared twice"), "{refusal}");
}

#[test]
fn an_explicit_route_must_say_that_it_is_open() {
    let template = include_str!("../fixtures/template.yaml");
    for (from, to, expected) in [
        ("      AuthorizationType: NONE\n", "", "would be open to everybody"),
        ("AuthorizationType: NONE", "AuthorizationType: AWS_IAM", "AuthorizationType AWS_IAM"),
        ("AuthorizationType: NONE", "AuthorizationType: JWT", "AuthorizationType JWT"),
        ("integrations/${HookIntegration}", "integrations/${Gone}", "refers to Gone"),
        ("!GetAtt WebhookFunction.Arn", "!GetAtt Gone.Arn", "refers to Gone"),
        ("PayloadFormatVersion: \"2.0\"", "PayloadFormatVersion: \"1.0\"", "payload format"),
        ("StageName: $default", "StageName: live", "the stage live"),
        ("RouteKey: ANY /webhooks/iamport/{token}", "RouteKey: POST /charges", "declared twice"),
    ] {
        assert!(template.contains(from), "{from}");
        let refusal = refusal(&template.replace(from, to));
        assert!(refusal.contains(expected), "`{refusal}` does not say `{expected}`");
    }
}

#[test]
fn parameters_are_checked() {
    let undeclared = BTreeMap::from([("Nope".to_owned(), "x".to_owned())]);
    let error = Template::parse(HEAD, undeclared).expect_err("undeclared").to_string();
    assert!(error.contains("Nope"), "{error}");
    let missing = format!(
        "Parameters: {{Path: {{Type: String}}}}{}",
        function("{Type: HttpApi, Properties: {Method: GET, Path: !Ref Path}}")
    );
    let refusal = refusal(&missing);
    assert!(refusal.contains("--parameter Path=VALUE"), "{refusal}");
    let given = BTreeMap::from([("Path".to_owned(), "/given".to_owned())]);
    let template = Template::parse(&missing, given).expect("parsed");
    assert_eq!(table_of_routes(&Api::from_template(&template).expect("its API")), ["GET /given -> charge Jwt[]"]);
}

#[test]
fn the_table_needs_a_template_that_is_understood() {
    let without = Template::parse(HEAD, BTreeMap::new()).expect("parsed");
    assert!(Table::from_template(&without, "t").expect_err("none").to_string().contains("no AWS::DynamoDB::Table"));
    let odd =
        format!("{HEAD}\n  T: {{Type: 'AWS::DynamoDB::Table', Properties: {{ImportSourceSpecification: {{}}}}}}\n");
    let odd = Template::parse(&odd, BTreeMap::new()).expect("parsed");
    assert!(Table::from_template(&odd, "t").expect_err("odd").to_string().contains("ImportSourceSpecification"));
}
