//! The route table: which request goes to which function, and who may send it.
//!
//! Paths are matched segment by segment as they came over the wire, before decoding: `%2F` never splits a segment, and
//! `.` and `..` are ordinary text. So what was matched is what is authorised, whatever the path decodes to.
//! A segment variable is never empty, and a trailing slash makes another path, as at API Gateway.

use std::cmp::Ordering;
use std::time::Duration;

use percent_encoding::percent_decode_str;

/// Who may use a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody: `Authorizer: NONE` was written.
    Open,
    /// A valid token; and at least one of `scopes`, if there are any.
    Jwt {
        /// The authorizer's name in the template.
        authorizer: String,
        /// Scopes of which the token must hold one. Empty: any valid token.
        scopes: Vec<String>,
    },
}

/// Which methods a route takes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Method {
    Any,
    Exactly(String),
}

/// A piece of a route's path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Variable(String),
    Greedy(String),
}

/// One route of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    key: String,
    method: Method,
    segments: Vec<Segment>,
    /// True for `$default`, which takes whatever nothing else takes.
    catch_all: bool,
    /// Logical id of the API it belongs to.
    pub api: String,
    /// The function that answers: the name it is invoked by.
    pub function: String,
    /// Who may use it.
    pub access: Access,
    /// How long the function may take.
    pub timeout: Duration,
}

/// Why a route cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RouteError(String);

impl Route {
    /// A route from the `Method` and `Path` of a template; none of both is `$default`.
    ///
    /// # Errors
    /// [`RouteError`] for a path that API Gateway would refuse.
    pub fn new(
        api: &str,
        target: Option<(&str, &str)>,
        function: String,
        access: Access,
        timeout: Duration,
    ) -> Result<Self, RouteError> {
        let Some((method, path)) = target else {
            return Ok(Self {
                key: "$default".to_owned(),
                method: Method::Any,
                segments: Vec::new(),
                catch_all: true,
                api: api.to_owned(),
                function,
                access,
                timeout,
            });
        };
        let method_name = method.to_ascii_uppercase();
        let method = match method_name.as_str() {
            "ANY" | "X-AMAZON-APIGATEWAY-ANY" => Method::Any,
            "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS" => Method::Exactly(method_name.clone()),
            _ => return Err(RouteError(format!("`{method}` is not a method of an HTTP API"))),
        };
        let segments = parse_path(path)?;
        let shown = if method == Method::Any { "ANY" } else { &method_name };
        Ok(Self {
            key: format!("{shown} {path}"),
            method,
            segments,
            catch_all: false,
            api: api.to_owned(),
            function,
            access,
            timeout,
        })
    }

    /// The route key, for example `GET /charges/{merchant_uid}`, or `$default`.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The decoded values of the variables, if the path matches.
    fn captures(&self, path: &str) -> Option<Vec<(String, String)>> {
        if self.catch_all {
            return Some(Vec::new());
        }
        let mut rest = path.strip_prefix('/').map(Some)?;
        let mut captures = Vec::new();
        if self.segments.is_empty() {
            return (rest == Some("")).then_some(captures);
        }
        for segment in &self.segments {
            let remaining = rest?;
            if let Segment::Greedy(name) = segment {
                if remaining.is_empty() {
                    return None;
                }
                captures.push((name.clone(), decode(remaining)));
                return Some(captures);
            }
            let (head, tail) = match remaining.split_once('/') {
                Some((head, tail)) => (head, Some(tail)),
                None => (remaining, None),
            };
            match segment {
                // A client may encode any letter (`/charg%65s`); the literal is compared as it decodes.
                Segment::Literal(literal) if decode(head) == *literal => {}
                Segment::Variable(name) if !head.is_empty() => captures.push((name.clone(), decode(head))),
                Segment::Literal(_) | Segment::Variable(_) | Segment::Greedy(_) => return None,
            }
            rest = tail;
        }
        rest.is_none().then_some(captures)
    }

    fn takes(&self, method: &str) -> bool {
        match &self.method {
            Method::Any => true,
            Method::Exactly(own) => own == method,
        }
    }

    /// Greater is more specific: literals before variables before greedy, from the left; then a method before ANY.
    fn specificity(&self, other: &Self) -> Ordering {
        let rank = |segment: &Segment| match segment {
            Segment::Literal(_) => 2_u8,
            Segment::Variable(_) => 1,
            Segment::Greedy(_) => 0,
        };
        let own = self.segments.iter().map(rank);
        let others = other.segments.iter().map(rank);
        other
            .catch_all
            .cmp(&self.catch_all)
            .then_with(|| own.cmp(others))
            .then_with(|| (self.method != Method::Any).cmp(&(other.method != Method::Any)))
    }

    /// The path with its variables' names taken out: two routes with the same shape and method are the same route.
    fn shape(&self) -> (Vec<Option<&str>>, &Method, bool) {
        let pieces = self.segments.iter().map(|segment| match segment {
            Segment::Literal(literal) => Some(literal.as_str()),
            Segment::Variable(_) => None,
            Segment::Greedy(_) => Some("{+}"),
        });
        (pieces.collect(), &self.method, self.catch_all)
    }
}

/// The best route for a request, and the values of its path variables.
#[derive(Clone, Debug)]
pub struct Match<'a> {
    /// The route.
    pub route: &'a Route,
    /// Variable name and decoded value, in the order of the path.
    pub parameters: Vec<(String, String)>,
}

/// All routes of the API.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    routes: Vec<Route>,
}

impl Routes {
    /// A table of routes.
    ///
    /// # Errors
    /// [`RouteError`] if two of them are the same: one would silently shadow the other and its authorizer.
    pub fn new(mut routes: Vec<Route>) -> Result<Self, RouteError> {
        // Most specific first, so that the first match is the best.
        routes.sort_by(|a, b| b.specificity(a).then_with(|| a.key.cmp(&b.key)));
        for (index, route) in routes.iter().enumerate() {
            if let Some(twin) = routes.iter().skip(index + 1).find(|other| other.shape() == route.shape()) {
                return Err(RouteError(format!(
                    "the route `{}` is declared twice (also as `{}`)",
                    route.key, twin.key
                )));
            }
        }
        Ok(Self { routes })
    }

    /// The route that API Gateway would choose; none is its 404.
    #[must_use]
    pub fn find(&self, method: &str, path: &str) -> Option<Match<'_>> {
        self.routes.iter().filter(|route| route.takes(method)).find_map(|route| {
            let parameters = route.captures(path)?;
            Some(Match { route, parameters })
        })
    }

    /// The routes, most specific first.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter()
    }
}

fn parse_path(path: &str) -> Result<Vec<Segment>, RouteError> {
    let refuse = |why: &str| Err(RouteError(format!("the path `{path}` {why}")));
    let Some(rest) = path.strip_prefix('/') else {
        return refuse("does not begin with a slash");
    };
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let mut segments: Vec<Segment> = Vec::new();
    for piece in rest.split('/') {
        if matches!(segments.last(), Some(Segment::Greedy(_))) {
            return refuse("goes on after a greedy variable");
        }
        let inner = piece.strip_prefix('{').and_then(|p| p.strip_suffix('}'));
        let segment = match inner {
            Some(name) => match name.strip_suffix('+') {
                Some(greedy) => Segment::Greedy(greedy.to_owned()),
                None => Segment::Variable(name.to_owned()),
            },
            None => Segment::Literal(piece.to_owned()),
        };
        match &segment {
            Segment::Literal(text) if text.contains(['{', '}']) => return refuse("has a variable inside a segment"),
            Segment::Variable(name) | Segment::Greedy(name) if name.is_empty() => {
                return refuse("has a nameless variable");
            }
            Segment::Literal(_) | Segment::Variable(_) | Segment::Greedy(_) => {}
        }
        segments.push(segment);
    }
    Ok(segments)
}

/// Percent-decoding as the gateway does it. Bytes that are not UTF-8 become U+FFFD.
#[must_use]
pub fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
