//! The intrinsics that can be worked out from the template alone.

use serde_json::{Map, Value};

use super::{Template, TemplateError};

/// Account, region and names that a local run pretends to have.
const PSEUDO_PARAMETERS: &[(&str, &str)] = &[
    ("AWS::AccountId", crate::ACCOUNT_ID),
    ("AWS::Partition", "aws"),
    ("AWS::Region", crate::REGION),
    ("AWS::StackName", "sandbox"),
    ("AWS::URLSuffix", "amazonaws.com"),
];
/// Nesting of intrinsics beyond which a template is a mistake, or an attack on our stack.
const MAX_DEPTH: usize = 32;

impl Template {
    /// The value with its intrinsics worked out; `at` is named in errors.
    ///
    /// `AWS::NoValue` becomes null, and disappears from lists and mappings.
    ///
    /// # Errors
    /// [`TemplateError`] for an intrinsic whose value only the cloud knows (`Fn::GetAtt`), and for a parameter without value.
    pub fn resolve(&self, value: &Value, at: &str) -> Result<Value, TemplateError> {
        self.resolve_at(value, at, MAX_DEPTH)
    }

    /// Like [`Template::resolve`], and the value must be text (numbers and flags are written out).
    ///
    /// # Errors
    /// [`TemplateError`] as there, and for a value that is not a scalar.
    pub fn resolve_text(&self, value: &Value, at: &str) -> Result<String, TemplateError> {
        text(&self.resolve(value, at)?, at)
    }

    /// Like [`Template::resolve`], and the value must be a list of text. A single text is a list of one.
    ///
    /// # Errors
    /// [`TemplateError`] as there, and for a value that is no such list.
    pub fn resolve_list(&self, value: &Value, at: &str) -> Result<Vec<String>, TemplateError> {
        match self.resolve(value, at)? {
            Value::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in &items {
                    // A parameter of type CommaDelimitedList may stand as one element of a list.
                    match item {
                        Value::Array(inner) => {
                            for entry in inner {
                                list.push(text(entry, at)?);
                            }
                        }
                        other => list.push(text(other, at)?),
                    }
                }
                Ok(list)
            }
            Value::Null => Ok(Vec::new()),
            other => Ok(vec![text(&other, at)?]),
        }
    }

    /// Whether a `Condition` holds: its name, or an expression.
    ///
    /// # Errors
    /// [`TemplateError`] if it cannot be worked out.
    pub(super) fn condition(&self, condition: &Value, at: &str) -> Result<bool, TemplateError> {
        self.condition_at(condition, at, MAX_DEPTH)
    }

    fn condition_at(&self, condition: &Value, at: &str, depth: usize) -> Result<bool, TemplateError> {
        let depth =
            depth.checked_sub(1).ok_or_else(|| TemplateError::invalid(at, "conditions are nested too deeply"))?;
        let wrong = || TemplateError::invalid(at, format!("`{condition}` is not a condition"));
        if let Some(name) = condition.as_str() {
            let expression = self
                .section("Conditions")
                .and_then(|conditions| conditions.get(name))
                .ok_or_else(|| TemplateError::invalid(at, format!("the condition {name} is not declared")))?;
            return self.condition_at(expression, at, depth);
        }
        let (function, operand) = single(condition).ok_or_else(wrong)?;
        if function == "Condition" {
            return self.condition_at(operand, at, depth);
        }
        let operands = operand.as_array().ok_or_else(wrong)?;
        match (function, operands.as_slice()) {
            ("Fn::Equals", [left, right]) => {
                Ok(self.resolve_at(left, at, depth)? == self.resolve_at(right, at, depth)?)
            }
            ("Fn::Not", [inner]) => Ok(!self.condition_at(inner, at, depth)?),
            ("Fn::And", all) => {
                for inner in all {
                    if !self.condition_at(inner, at, depth)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            ("Fn::Or", any) => {
                for inner in any {
                    if self.condition_at(inner, at, depth)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            _ => Err(wrong()),
        }
    }

    fn resolve_at(&self, value: &Value, at: &str, depth: usize) -> Result<Value, TemplateError> {
        let depth = depth.checked_sub(1).ok_or_else(|| TemplateError::invalid(at, "is nested too deeply"))?;
        match value {
            Value::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    let item = self.resolve_at(item, at, depth)?;
                    if !item.is_null() {
                        list.push(item);
                    }
                }
                Ok(Value::Array(list))
            }
            Value::Object(map) => {
                if let Some((function, operand)) = single(value)
                    && (function == "Ref" || function.starts_with("Fn::"))
                {
                    return self.intrinsic(function, operand, at, depth);
                }
                let mut resolved = Map::new();
                for (key, item) in map {
                    let item = self.resolve_at(item, at, depth)?;
                    if !item.is_null() {
                        resolved.insert(key.clone(), item);
                    }
                }
                Ok(Value::Object(resolved))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(value.clone()),
        }
    }

    fn intrinsic(&self, function: &str, operand: &Value, at: &str, depth: usize) -> Result<Value, TemplateError> {
        let operands = operand.as_array().map_or(&[][..], Vec::as_slice);
        match (function, operands) {
            ("Ref", _) => self.reference(operand, at),
            ("Fn::Sub", []) => self.substitute(operand, &Map::new(), at),
            ("Fn::Sub", [pattern, variables]) => {
                let variables = self.resolve_at(variables, at, depth)?;
                let variables =
                    variables.as_object().ok_or_else(|| TemplateError::invalid(at, "Fn::Sub needs a mapping"))?;
                self.substitute(pattern, variables, at)
            }
            ("Fn::If", [condition, then, otherwise]) => {
                let chosen = if self.condition_at(condition, at, depth)? { then } else { otherwise };
                self.resolve_at(chosen, at, depth)
            }
            ("Fn::Join", [separator, items]) => {
                let separator = text(&self.resolve_at(separator, at, depth)?, at)?;
                let items = self.resolve_list(items, at)?;
                Ok(Value::from(items.join(&separator)))
            }
            ("Fn::Split", [separator, source]) => {
                let separator = text(&self.resolve_at(separator, at, depth)?, at)?;
                let source = text(&self.resolve_at(source, at, depth)?, at)?;
                Ok(source.split(&separator).map(Value::from).collect())
            }
            ("Fn::Select", [index, items]) => {
                let index = text(&self.resolve_at(index, at, depth)?, at)?;
                let items = self.resolve_list(items, at)?;
                let index: usize =
                    index.parse().map_err(|_| TemplateError::invalid(at, "Fn::Select needs a number"))?;
                let item = items.get(index).ok_or_else(|| TemplateError::invalid(at, "Fn::Select is out of range"))?;
                Ok(Value::from(item.as_str()))
            }
            ("Fn::FindInMap", [map, first, second]) => {
                let map = text(&self.resolve_at(map, at, depth)?, at)?;
                let first = text(&self.resolve_at(first, at, depth)?, at)?;
                let second = text(&self.resolve_at(second, at, depth)?, at)?;
                self.section("Mappings")
                    .and_then(|mappings| mappings.get(&map)?.get(&first)?.get(&second))
                    .cloned()
                    .ok_or_else(|| TemplateError::invalid(at, format!("no mapping {map}.{first}.{second}")))
            }
            _ => Err(TemplateError::unsupported(at, format!("{function} in a value it has to know"))),
        }
    }

    fn reference(&self, operand: &Value, at: &str) -> Result<Value, TemplateError> {
        let name = operand.as_str().ok_or_else(|| TemplateError::invalid(at, "Ref needs a name"))?;
        if name == "AWS::NoValue" {
            return Ok(Value::Null);
        }
        if let Some((_, value)) = PSEUDO_PARAMETERS.iter().find(|(pseudo, _)| *pseudo == name) {
            return Ok(Value::from(*value));
        }
        let Some(parameter) = self.section("Parameters").and_then(|parameters| parameters.get(name)) else {
            return Err(TemplateError::unsupported(
                at,
                format!("a reference to {name}, whose value only the cloud knows,"),
            ));
        };
        let value = match self.parameters.get(name) {
            Some(given) => Value::from(given.as_str()),
            None => parameter.get("Default").cloned().ok_or_else(|| TemplateError::Parameter(name.to_owned()))?,
        };
        let kind = parameter.get("Type").and_then(Value::as_str).unwrap_or("String");
        if kind != "CommaDelimitedList" && !kind.starts_with("List<") {
            return Ok(value);
        }
        let listed = text(&value, at)?;
        Ok(listed.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect())
    }

    /// `${Name}` from the variables, the parameters and the pseudo parameters; `${!Name}` stays as `${Name}`.
    fn substitute(&self, pattern: &Value, variables: &Map<String, Value>, at: &str) -> Result<Value, TemplateError> {
        let pattern = pattern.as_str().ok_or_else(|| TemplateError::invalid(at, "Fn::Sub needs text"))?;
        let mut result = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            result.push_str(before);
            let (name, tail) =
                after.split_once('}').ok_or_else(|| TemplateError::invalid(at, "Fn::Sub has an open `${`"))?;
            if let Some(literal) = name.strip_prefix('!') {
                result.push_str("${");
                result.push_str(literal);
                result.push('}');
            } else if let Some(value) = variables.get(name) {
                result.push_str(&text(value, at)?);
            } else {
                result.push_str(&text(&self.reference(&Value::from(name), at)?, at)?);
            }
            rest = tail;
        }
        result.push_str(rest);
        Ok(Value::from(result))
    }
}

fn single(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object()?;
    let mut entries = map.iter();
    match (entries.next(), entries.next()) {
        (Some((key, operand)), None) => Some((key, operand)),
        _ => None,
    }
}

fn text(value: &Value, at: &str) -> Result<String, TemplateError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(TemplateError::invalid(at, format!("`{value}` is not text")))
        }
    }
}
