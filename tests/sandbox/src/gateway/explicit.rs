//! HTTP APIs that a template spells out: `AWS::ApiGatewayV2::Api`, `Route`, `Integration`, `Authorizer`.
//!
//! Locally they share the one port of the gateway with the SAM API; a route that stands in both is refused.

use std::time::Duration;

use serde_json::{Map, Value};

use super::cors::Cors;
use super::routes::{Access, Route};
use super::sam::{Api, MAX_INTEGRATION_TIMEOUT, function_name, mapping};
use crate::template::{Resource, Template, TemplateError};

const API: &str = "AWS::ApiGatewayV2::Api";
const AUTHORIZER: &str = "AWS::ApiGatewayV2::Authorizer";
const INTEGRATION: &str = "AWS::ApiGatewayV2::Integration";
const ROUTE: &str = "AWS::ApiGatewayV2::Route";
const STAGE: &str = "AWS::ApiGatewayV2::Stage";

/// Adds the routes and the CORS configurations of all such APIs.
pub(super) fn read(
    template: &Template,
    resources: &[Resource<'_>],
    api: &mut Api,
) -> Result<Vec<Route>, TemplateError> {
    let mut routes = Vec::new();
    for resource in resources {
        match resource.kind {
            API => read_api(template, resource, api)?,
            ROUTE => routes.push(read_route(template, resources, resource)?),
            STAGE => read_stage(template, resource)?,
            AUTHORIZER => read_authorizer(template, resource)?,
            _ => {}
        }
    }
    Ok(routes)
}

fn read_api(template: &Template, resource: &Resource<'_>, api: &mut Api) -> Result<(), TemplateError> {
    let at = format!("Resources.{}", resource.id);
    for (key, value) in properties(resource, &at)? {
        match key.as_str() {
            "ProtocolType" if template.resolve_text(value, &at)? == "HTTP" => {}
            "CorsConfiguration" => {
                if let Some(cors) = Cors::from_template(template, value)? {
                    api.cors.insert(resource.id.to_owned(), cors);
                }
            }
            "Description" | "DisableExecuteApiEndpoint" | "IpAddressType" | "Name" | "Tags" | "Version" => {}
            other => return Err(TemplateError::unsupported(at, other)),
        }
    }
    Ok(())
}

/// Another stage than `$default` would put its name in front of every path.
fn read_stage(template: &Template, resource: &Resource<'_>) -> Result<(), TemplateError> {
    let at = format!("Resources.{}", resource.id);
    let name = resource.property("StageName").ok_or_else(|| TemplateError::invalid(&at, "has no StageName"))?;
    let name = template.resolve_text(name, &at)?;
    if name == "$default" { Ok(()) } else { Err(TemplateError::unsupported(at, format!("the stage {name}"))) }
}

fn read_authorizer(template: &Template, resource: &Resource<'_>) -> Result<(), TemplateError> {
    let at = format!("Resources.{}", resource.id);
    let mut is_jwt = false;
    let mut configured = false;
    for (key, value) in properties(resource, &at)? {
        match key.as_str() {
            "AuthorizerType" => is_jwt = template.resolve_text(value, &at)? == "JWT",
            "IdentitySource" => {
                let sources = template.resolve_list(value, &at)?;
                if !sources.iter().all(|source| source.eq_ignore_ascii_case("$request.header.Authorization")) {
                    return Err(TemplateError::unsupported(&at, format!("the identity source {}", sources.join(", "))));
                }
            }
            "JwtConfiguration" => configured = value.get("Issuer").is_some() && value.get("Audience").is_some(),
            "ApiId" | "Name" => {}
            other => return Err(TemplateError::unsupported(&at, other)),
        }
    }
    match (is_jwt, configured) {
        (true, true) => Ok(()),
        (true, false) => Err(TemplateError::invalid(at, "needs a JwtConfiguration with Issuer and Audience")),
        (false, _) => Err(TemplateError::unsupported(at, "an authorizer that is not of type JWT")),
    }
}

fn read_route(
    template: &Template,
    resources: &[Resource<'_>],
    resource: &Resource<'_>,
) -> Result<Route, TemplateError> {
    let at = format!("Resources.{}", resource.id);
    let mut key = None;
    let mut api = None;
    let mut kind = None;
    let mut authorizer = None;
    let mut scopes = Vec::new();
    let mut integration = None;
    for (name, value) in properties(resource, &at)? {
        match name.as_str() {
            "RouteKey" => key = Some(template.resolve_text(value, &at)?),
            "ApiId" => api = Some(referenced(resources, value, API, &at)?),
            "AuthorizationType" => kind = Some(template.resolve_text(value, &at)?),
            "AuthorizerId" => authorizer = Some(referenced(resources, value, AUTHORIZER, &at)?),
            "AuthorizationScopes" => scopes = template.resolve_list(value, &at)?,
            "Target" => integration = Some(find(resources, &target(value, &at)?, INTEGRATION, &at)?),
            "OperationName" => {}
            other => return Err(TemplateError::unsupported(&at, other)),
        }
    }
    let missing = |what: &str| TemplateError::invalid(&at, format!("has no {what}"));
    let access = match (kind.as_deref(), authorizer) {
        (Some("NONE"), None) if scopes.is_empty() => Access::Open,
        (Some("JWT"), Some(authorizer)) => Access::Jwt { authorizer: authorizer.id.to_owned(), scopes },
        (None, _) => {
            return Err(TemplateError::invalid(
                &at,
                "would be open to everybody: write `AuthorizationType: NONE` if that is meant",
            ));
        }
        (Some(kind), _) => {
            return Err(TemplateError::unsupported(
                &at,
                format!("AuthorizationType {kind} with these scopes and authorizer"),
            ));
        }
    };
    let key = key.ok_or_else(|| missing("RouteKey"))?;
    let target = match key.split_once(' ') {
        Some((method, path)) => Some((method, path)),
        None if key == "$default" => None,
        None => return Err(TemplateError::invalid(&at, format!("`{key}` is not a RouteKey"))),
    };
    let (function, timeout) = read_integration(template, resources, integration.ok_or_else(|| missing("Target"))?)?;
    let api = api.ok_or_else(|| missing("ApiId"))?.id;
    Route::new(api, target, function, access, timeout).map_err(|error| TemplateError::invalid(&at, error.to_string()))
}

fn read_integration(
    template: &Template,
    resources: &[Resource<'_>],
    resource: &Resource<'_>,
) -> Result<(String, Duration), TemplateError> {
    let at = format!("Resources.{}", resource.id);
    let mut function = None;
    let mut timeout = MAX_INTEGRATION_TIMEOUT;
    let mut version = None;
    for (key, value) in properties(resource, &at)? {
        match key.as_str() {
            "IntegrationType" if template.resolve_text(value, &at)? == "AWS_PROXY" => {}
            "IntegrationMethod" if template.resolve_text(value, &at)? == "POST" => {}
            "IntegrationUri" => function = Some(find(resources, &function_id(value, &at)?, FUNCTION, &at)?),
            "PayloadFormatVersion" => version = Some(template.resolve_text(value, &at)?),
            "TimeoutInMillis" => {
                let text = template.resolve_text(value, &at)?;
                let millis: u64 =
                    text.parse().map_err(|_| TemplateError::invalid(&at, "TimeoutInMillis is not a number"))?;
                timeout = Duration::from_millis(millis).min(MAX_INTEGRATION_TIMEOUT);
            }
            "ApiId" | "Description" => {}
            other => return Err(TemplateError::unsupported(&at, other)),
        }
    }
    if version.as_deref() != Some("2.0") {
        return Err(TemplateError::unsupported(at, "a payload format other than 2.0"));
    }
    let function = function.ok_or_else(|| TemplateError::invalid(&at, "has no IntegrationUri"))?;
    Ok((function_name(template, function)?, timeout))
}

const FUNCTION: &str = "AWS::Serverless::Function";

/// `integrations/ID`, however it is put together.
fn target(value: &Value, at: &str) -> Result<String, TemplateError> {
    let wrong = || TemplateError::unsupported(at, format!("the target {value}"));
    if let Some(pattern) = value.get("Fn::Sub").and_then(Value::as_str) {
        let id = pattern.strip_prefix("integrations/${").and_then(|rest| rest.strip_suffix('}'));
        return id.map(str::to_owned).ok_or_else(wrong);
    }
    let joined = value.get("Fn::Join").and_then(Value::as_array).map(Vec::as_slice);
    let Some([Value::String(separator), Value::Array(parts)]) = joined else {
        return Err(wrong());
    };
    match (separator.as_str(), parts.as_slice()) {
        ("/", [Value::String(head), reference]) if head == "integrations" => reference_id(reference).ok_or_else(wrong),
        ("", [Value::String(head), reference]) if head == "integrations/" => reference_id(reference).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

/// The function of an integration: `!GetAtt F.Arn`, or text that contains `${F.Arn}` (the invocation's ARN).
fn function_id(value: &Value, at: &str) -> Result<String, TemplateError> {
    let wrong = || TemplateError::unsupported(at, format!("the integration {value}"));
    if let Some([Value::String(id), Value::String(attribute)]) =
        value.get("Fn::GetAtt").and_then(Value::as_array).map(Vec::as_slice)
    {
        return if attribute == "Arn" { Ok(id.clone()) } else { Err(wrong()) };
    }
    let pattern = value.get("Fn::Sub").and_then(Value::as_str).ok_or_else(wrong)?;
    let named =
        pattern.split("${").filter_map(|piece| piece.split_once('}')).find_map(|(name, _)| name.strip_suffix(".Arn"));
    named.map(str::to_owned).ok_or_else(wrong)
}

fn reference_id(value: &Value) -> Option<String> {
    value.get("Ref").and_then(Value::as_str).map(str::to_owned)
}

fn referenced<'a, 'r>(
    resources: &'r [Resource<'a>],
    value: &Value,
    kind: &str,
    at: &str,
) -> Result<&'r Resource<'a>, TemplateError> {
    let id = reference_id(value).ok_or_else(|| TemplateError::unsupported(at, format!("{value}, which is no Ref")))?;
    find(resources, &id, kind, at)
}

fn find<'a, 'r>(
    resources: &'r [Resource<'a>],
    id: &str,
    kind: &str,
    at: &str,
) -> Result<&'r Resource<'a>, TemplateError> {
    resources
        .iter()
        .find(|resource| resource.id == id && resource.kind == kind)
        .ok_or_else(|| TemplateError::invalid(at, format!("refers to {id}, which is no {kind} of this template")))
}

fn properties<'a>(resource: &Resource<'a>, at: &str) -> Result<&'a Map<String, Value>, TemplateError> {
    let properties = resource.body.get("Properties");
    mapping(properties.ok_or_else(|| TemplateError::invalid(at, "has no Properties"))?, at)
}
