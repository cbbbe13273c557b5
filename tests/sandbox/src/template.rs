//! `template.yaml`, read the way the sandbox needs it: resources, parameters, and the values of intrinsics that can be
//! worked out without an account.
//!
//! The same file deploys the API and describes the local one, so the two cannot drift. What is not understood here is
//! an error at start, never a guess.

mod resolve;
mod tags;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

/// Why a template cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Not YAML.
    #[error("not YAML: {0}")]
    Yaml(String),
    /// A construct that the sandbox does not know. Ignoring it could open a route, so it stops the start.
    #[error("{at}: the sandbox does not understand {what}")]
    Unsupported {
        /// Where in the template.
        at: String,
        /// What stands there.
        what: String,
    },
    /// Something that has to be there is not, or has the wrong form.
    #[error("{at}: {what}")]
    Invalid {
        /// Where in the template.
        at: String,
        /// What is wrong.
        what: String,
    },
    /// A parameter without a default was not given.
    #[error("the parameter {0} has no default: give it with --parameter {0}=VALUE")]
    Parameter(String),
}

impl TemplateError {
    /// An [`TemplateError::Invalid`] at `at`.
    pub(crate) fn invalid(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Invalid { at: at.into(), what: what.into() }
    }

    /// An [`TemplateError::Unsupported`] at `at`.
    pub(crate) fn unsupported(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Unsupported { at: at.into(), what: what.into() }
    }
}

/// A parsed template with the values of its parameters.
#[derive(Clone, Debug)]
pub struct Template {
    document: Map<String, Value>,
    parameters: BTreeMap<String, String>,
}

/// One entry of `Resources`.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// Logical id.
    pub id: &'a str,
    /// `Type`.
    pub kind: &'a str,
    /// The whole entry, intrinsics unresolved.
    pub body: &'a Map<String, Value>,
}

impl<'a> Resource<'a> {
    /// A member of `Properties`, intrinsics unresolved.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&'a Value> {
        self.body.get("Properties").and_then(|properties| properties.get(name))
    }
}

impl Template {
    /// Reads and parses a file; `parameters` override the template's defaults.
    ///
    /// # Errors
    /// [`TemplateError`] if it cannot be read or understood.
    pub fn load(path: &Path, parameters: BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| TemplateError::Read { path: path.display().to_string(), source })?;
        Self::parse(&text, parameters)
    }

    /// Parses a template's text; `parameters` override its defaults.
    ///
    /// # Errors
    /// [`TemplateError`] if it cannot be understood.
    pub fn parse(text: &str, parameters: BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let Value::Object(document) = tags::parse(text)? else {
            return Err(TemplateError::invalid("template", "is not a mapping"));
        };
        let template = Self { document, parameters };
        for name in template.parameters.keys() {
            if template.section("Parameters").and_then(|declared| declared.get(name)).is_none() {
                return Err(TemplateError::invalid(format!("parameter {name}"), "is not declared in the template"));
            }
        }
        Ok(template)
    }

    /// The resources whose condition holds, in the order of their ids.
    ///
    /// # Errors
    /// [`TemplateError`] for an entry without a type, or a loop (`Fn::ForEach`) whose resources cannot be seen.
    pub fn resources(&self) -> Result<Vec<Resource<'_>>, TemplateError> {
        let Some(entries) = self.section("Resources") else {
            return Err(TemplateError::invalid("template", "has no Resources"));
        };
        let mut resources = Vec::with_capacity(entries.len());
        for (id, body) in entries {
            let at = format!("Resources.{id}");
            if id.starts_with("Fn::") {
                return Err(TemplateError::unsupported(at, "generated resources"));
            }
            let body = body.as_object().ok_or_else(|| TemplateError::invalid(&at, "is not a mapping"))?;
            let kind =
                body.get("Type").and_then(Value::as_str).ok_or_else(|| TemplateError::invalid(&at, "has no Type"))?;
            if let Some(condition) = body.get("Condition")
                && !self.condition(condition, &at)?
            {
                continue;
            }
            resources.push(Resource { id, kind, body });
        }
        Ok(resources)
    }

    /// A member of `Globals.{kind}`, for example `Globals.HttpApi.Auth`, intrinsics unresolved.
    #[must_use]
    pub fn global(&self, kind: &str, property: &str) -> Option<&Value> {
        self.section("Globals")?.get(kind)?.get(property)
    }

    fn section(&self, name: &str) -> Option<&Map<String, Value>> {
        self.document.get(name).and_then(Value::as_object)
    }
}
