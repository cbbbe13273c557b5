//! From a SAM template to the API it deploys: routes, authorizers, scopes, CORS.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::cors::Cors;
use super::explicit;
use super::routes::{Access, Route, Routes};
use crate::template::{Resource, Template, TemplateError};

/// The longest an HTTP API waits for an integration.
pub const MAX_INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// What the template says about its HTTP APIs. They share the local gateway's one port.
#[derive(Clone, Debug, Default)]
pub struct Api {
    /// All routes.
    pub routes: Routes,
    /// CORS by logical id of the API that configures it.
    pub cors: BTreeMap<String, Cors>,
}

/// The logical id that SAM gives to the API of events which name none.
const IMPLICIT_API: &str = "ServerlessHttpApi";

/// A JWT authorizer of the API.
struct Authorizer {
    name: String,
    scopes: Vec<String>,
}

/// `Auth` of the API.
struct Auth {
    authorizers: Vec<Authorizer>,
    default: Option<String>,
}

/// Resource types that would add routes behind our back, or are another kind of API.
const FOREIGN_APIS: &[&str] = &[
    "AWS::Serverless::Api",
    "AWS::Serverless::GraphQLApi",
    "AWS::Serverless::WebSocketApi",
    "AWS::ApiGateway::RestApi",
    "AWS::Lambda::Url",
    "AWS::Serverless::Application",
];

impl Api {
    /// Reads the API out of a template.
    ///
    /// # Errors
    /// [`TemplateError`] for anything that is not understood, and for a route of which nobody said who may use it.
    pub fn from_template(template: &Template) -> Result<Self, TemplateError> {
        let resources = template.resources()?;
        if let Some(foreign) = resources.iter().find(|resource| FOREIGN_APIS.contains(&resource.kind)) {
            return Err(TemplateError::unsupported(format!("Resources.{}", foreign.id), foreign.kind));
        }
        let mut apis = resources.iter().filter(|resource| resource.kind == "AWS::Serverless::HttpApi");
        let api = apis.next();
        if let Some(second) = apis.next() {
            return Err(TemplateError::unsupported(format!("Resources.{}", second.id), "a second HTTP API"));
        }
        let auth = read_auth(template, api)?;
        let id = api.map_or(IMPLICIT_API, |api| api.id);
        let mut read = Self::default();
        let mut routes = explicit::read(template, &resources, &mut read)?;
        for function in resources.iter().filter(|resource| resource.kind == "AWS::Serverless::Function") {
            read_function(template, function, id, &auth, &mut routes)?;
        }
        read.routes = Routes::new(routes).map_err(|error| TemplateError::invalid("routes", error.to_string()))?;
        if let Some(configuration) = api_property(template, api, "CorsConfiguration")
            && let Some(cors) = Cors::from_template(template, configuration)?
        {
            read.cors.insert(id.to_owned(), cors);
        }
        Ok(read)
    }

    /// The CORS configuration that decides about a request: that of the API which the route belongs to. A path without
    /// a route falls to an API that has one, as there it would get its preflight answered too.
    #[must_use]
    pub fn cors_for(&self, method: &str, path: &str) -> Option<&Cors> {
        match self.routes.find(method, path) {
            Some(matched) => self.cors.get(&matched.route.api),
            None => self.cors.values().next(),
        }
    }
}

fn api_property<'a>(template: &'a Template, api: Option<&Resource<'a>>, name: &str) -> Option<&'a Value> {
    api.and_then(|api| api.property(name)).or_else(|| template.global("HttpApi", name))
}

fn read_auth(template: &Template, api: Option<&Resource<'_>>) -> Result<Auth, TemplateError> {
    for hidden in ["DefinitionBody", "DefinitionUri"] {
        if api_property(template, api, hidden).is_some() {
            return Err(TemplateError::unsupported("HttpApi", format!("{hidden}: routes must stand at the functions")));
        }
    }
    let mut auth = Auth { authorizers: Vec::new(), default: None };
    let Some(declared) = api_property(template, api, "Auth") else {
        return Ok(auth);
    };
    let at = "HttpApi.Auth";
    for (key, value) in mapping(declared, at)? {
        match key.as_str() {
            "DefaultAuthorizer" => auth.default = Some(template.resolve_text(value, at)?),
            "Authorizers" => {
                for (name, body) in mapping(value, at)? {
                    auth.authorizers.push(read_authorizer(template, name, body)?);
                }
            }
            "EnableIamAuthorizer" if template.resolve(value, at)? == Value::Bool(false) => {}
            other => return Err(TemplateError::unsupported(at, other)),
        }
    }
    if let Some(name) = &auth.default
        && !auth.authorizers.iter().any(|authorizer| authorizer.name == *name)
    {
        return Err(TemplateError::invalid(at, format!("DefaultAuthorizer {name} is not among the Authorizers")));
    }
    Ok(auth)
}

fn read_authorizer(template: &Template, name: &str, body: &Value) -> Result<Authorizer, TemplateError> {
    let at = format!("HttpApi.Auth.Authorizers.{name}");
    let mut scopes = Vec::new();
    let mut configured = false;
    for (key, value) in mapping(body, &at)? {
        match key.as_str() {
            // Issuer and audience belong to the deployment's identity provider; the sandbox is its own.
            "JwtConfiguration" => {
                let keys = mapping(value, &at)?;
                let has = |wanted: &str| keys.keys().any(|key| key.eq_ignore_ascii_case(wanted));
                configured = has("issuer") && has("audience");
            }
            "IdentitySource" => {
                let source = template.resolve_text(value, &at)?;
                if !source.eq_ignore_ascii_case("$request.header.Authorization") {
                    return Err(TemplateError::unsupported(&at, format!("the identity source `{source}`")));
                }
            }
            "AuthorizationScopes" => scopes = template.resolve_list(value, &at)?,
            other => return Err(TemplateError::unsupported(&at, format!("{other}: only JWT authorizers"))),
        }
    }
    if !configured {
        return Err(TemplateError::invalid(&at, "needs a JwtConfiguration with issuer and audience"));
    }
    Ok(Authorizer { name: name.to_owned(), scopes })
}

fn read_function(
    template: &Template,
    function: &Resource<'_>,
    api: &str,
    auth: &Auth,
    routes: &mut Vec<Route>,
) -> Result<(), TemplateError> {
    let at = format!("Resources.{}", function.id);
    if function.property("FunctionUrlConfig").is_some() {
        return Err(TemplateError::unsupported(at, "FunctionUrlConfig: a second way in, without the gateway's checks"));
    }
    let Some(events) = function.property("Events") else {
        return Ok(());
    };
    for (event, body) in mapping(events, &at)? {
        let at = format!("{at}.Events.{event}");
        let kind = body.get("Type").and_then(Value::as_str).unwrap_or_default();
        match kind {
            "HttpApi" => {
                let empty = Value::Object(Map::new());
                let properties = mapping(body.get("Properties").unwrap_or(&empty), &at)?;
                let name = function_name(template, function)?;
                routes.push(read_route(template, properties, name, api, auth, &at)?);
            }
            "Api" | "" => return Err(TemplateError::unsupported(at, format!("an event of type `{kind}`"))),
            // Schedules, queues and the like are not requests.
            _ => {}
        }
    }
    Ok(())
}

fn read_route(
    template: &Template,
    properties: &Map<String, Value>,
    function: String,
    api: &str,
    auth: &Auth,
    at: &str,
) -> Result<Route, TemplateError> {
    let mut method = None;
    let mut path = None;
    let mut timeout = MAX_INTEGRATION_TIMEOUT;
    let empty = Value::Object(Map::new());
    let mut route_auth = &empty;
    for (key, value) in properties {
        match key.as_str() {
            "Method" => method = Some(template.resolve_text(value, at)?),
            "Path" => path = Some(template.resolve_text(value, at)?),
            "Auth" => route_auth = value,
            "ApiId" => {
                let named = value.get("Ref").and_then(Value::as_str);
                if named != Some(api) {
                    return Err(TemplateError::invalid(at, format!("ApiId {value} is not the API of this template")));
                }
            }
            "TimeoutInMillis" => {
                let text = template.resolve_text(value, at)?;
                let millis: u64 =
                    text.parse().map_err(|_| TemplateError::invalid(at, "TimeoutInMillis is not a number"))?;
                timeout = Duration::from_millis(millis).min(MAX_INTEGRATION_TIMEOUT);
            }
            "PayloadFormatVersion" if template.resolve_text(value, at)? == "2.0" => {}
            // Throttling is the deployed gateway's.
            "RouteSettings" => {}
            other => return Err(TemplateError::unsupported(at, other)),
        }
    }
    let access = read_access(template, route_auth, auth, at)?;
    let target = match (&method, &path) {
        (Some(method), Some(path)) => Some((method.as_str(), path.as_str())),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            return Err(TemplateError::invalid(at, "needs both Method and Path, or none"));
        }
    };
    Route::new(api, target, function, access, timeout).map_err(|error| TemplateError::invalid(at, error.to_string()))
}

fn read_access(template: &Template, route: &Value, auth: &Auth, at: &str) -> Result<Access, TemplateError> {
    let mut named = None;
    let mut scopes = None;
    for (key, value) in mapping(route, at)? {
        match key.as_str() {
            "Authorizer" => named = Some(template.resolve_text(value, at)?),
            "AuthorizationScopes" => scopes = Some(template.resolve_list(value, at)?),
            other => return Err(TemplateError::unsupported(at, format!("Auth.{other}"))),
        }
    }
    if named.as_deref() == Some("NONE") {
        if scopes.is_some_and(|scopes| !scopes.is_empty()) {
            return Err(TemplateError::invalid(at, "has scopes and no authorizer: nothing would check them"));
        }
        return Ok(Access::Open);
    }
    let Some(name) = named.as_ref().or(auth.default.as_ref()) else {
        return Err(TemplateError::invalid(
            at,
            "would be open to everybody: set a DefaultAuthorizer, or write `Authorizer: NONE` if that is meant",
        ));
    };
    let authorizer = auth
        .authorizers
        .iter()
        .find(|authorizer| authorizer.name == *name)
        .ok_or_else(|| TemplateError::unsupported(at, format!("the authorizer {name}")))?;
    let scopes = scopes.unwrap_or_else(|| authorizer.scopes.clone());
    Ok(Access::Jwt { authorizer: name.clone(), scopes })
}

/// The name that a function is invoked by under `cargo lambda watch`: its binary.
///
/// `Metadata.BuildProperties.Binary`; else the last segment of `CodeUri`; else the logical id in kebab case, without
/// `Function` at its end.
pub(super) fn function_name(template: &Template, function: &Resource<'_>) -> Result<String, TemplateError> {
    let at = format!("Resources.{}", function.id);
    let binary = function.body.get("Metadata").and_then(|metadata| metadata.get("BuildProperties")?.get("Binary"));
    if let Some(binary) = binary {
        return template.resolve_text(binary, &at);
    }
    if let Some(uri) = function.property("CodeUri") {
        let uri = template.resolve_text(uri, &at)?;
        let last = uri.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        if !last.is_empty() && !last.starts_with('.') {
            return Ok(last.to_owned());
        }
    }
    let mut kebab = String::new();
    for letter in function.id.strip_suffix("Function").unwrap_or(function.id).chars() {
        if letter.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    Ok(kebab)
}

/// The members of a mapping that is not hidden behind an intrinsic.
pub(super) fn mapping<'a>(value: &'a Value, at: &str) -> Result<&'a Map<String, Value>, TemplateError> {
    let map = value.as_object().ok_or_else(|| TemplateError::invalid(at, format!("`{value}` is not a mapping")))?;
    // `Fn::If` and friends around a mapping would hide what is inside.
    match map.keys().find(|key| key.starts_with("Fn::") || *key == "Ref") {
        Some(intrinsic) => Err(TemplateError::unsupported(at, format!("{intrinsic} around a mapping"))),
        None => Ok(map),
    }
}
