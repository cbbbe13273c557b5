//! What the template has to say, as the sources have it: constants, and which of the table's operations a function can come to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use syn::visit::Visit;
use syn::{BinOp, Expr, ExprCall, ExprMethodCall, ImplItemFn, Item, ItemFn, ItemMod, Lit, TraitItem};

use crate::{repository, sources};

/// The sources of the table's adapter.
pub(crate) const ADAPTER: &[&str] = &["shared/store/src/dynamo.rs", "shared/store/src/dynamo/"];
const USE_CASES: &[&str] = &["shared/billing/src/usecase.rs", "shared/billing/src/usecase/"];
const PORTS: &str = "shared/billing/src/ports.rs";
/// Every function reads a row that is never there before its first request.
const AT_THE_START: &str = "warm_up";

fn constant(file: &str, name: &str) -> Box<Expr> {
    let found = sources::parsed(file).items.into_iter().find_map(|item| match item {
        Item::Const(constant) if constant.ident == name => Some(constant.expr),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{file} has no {name} any more"))
}

/// A number, or a time in seconds, that a source names.
pub(crate) fn seconds(file: &str, name: &str) -> i64 {
    value(file, &constant(file, name))
}

/// The numbers of an array that a source names.
pub(crate) fn waits(file: &str, name: &str) -> Vec<i64> {
    match *constant(file, name) {
        Expr::Array(array) => array.elems.iter().map(|element| value(file, element)).collect(),
        _ => panic!("{file}: {name} is no array"),
    }
}

fn value(file: &str, expression: &Expr) -> i64 {
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse().expect("a number"),
            _ => panic!("{file}: not a number"),
        },
        Expr::Binary(both) if matches!(both.op, BinOp::Mul(_)) => value(file, &both.left) * value(file, &both.right),
        // `Duration::from_secs(8)`
        Expr::Call(call) if last_name(&call.func).as_deref() == Some("from_secs") => value(file, &call.args[0]),
        _ => panic!("{file}: teach this test that constant"),
    }
}

/// A text that a source names.
pub(crate) fn text(file: &str, name: &str) -> String {
    literal(&constant(file, name)).unwrap_or_else(|| panic!("{file}: {name} is no text"))
}

pub(crate) fn literal(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        // `"name".to_owned()`
        Expr::MethodCall(call) if call.args.is_empty() => literal(&call.receiver),
        _ => None,
    }
}

fn last_name(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// What a function of the sources does itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doing {
    /// Its own methods that it calls.
    own: BTreeSet<String>,
    /// The methods that it calls of a field, such as `store`.
    of_field: BTreeSet<(String, String)>,
    /// What it builds of an action of a transaction, such as `Update`.
    built: BTreeSet<String>,
    /// The indexes that it names, by their constants.
    indexes: BTreeSet<String>,
}

struct Reader {
    within: String,
    doing: BTreeMap<String, Doing>,
}

impl Reader {
    fn read(under: &[&str]) -> BTreeMap<String, Doing> {
        let mut reader = Self { within: String::new(), doing: BTreeMap::new() };
        for file in repository::rust_files(under) {
            reader.visit_file(&sources::parsed(&file));
        }
        reader.doing
    }

    fn here(&mut self) -> &mut Doing {
        self.doing.entry(self.within.clone()).or_default()
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !sources::is_test(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.within = item.sig.ident.to_string();
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.within = item.sig.ident.to_string();
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(path) = &*call.func {
            let names: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            if let [.., built, builder] = names.as_slice()
                && builder == "builder"
            {
                self.here().built.insert(built.clone());
            }
        }
        syn::visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let method = call.method.to_string();
        match &*call.receiver {
            // `self.renew(..)`, `billing.renew(..)`, `publisher.publish(..)`
            Expr::Path(path) if ["self", "billing", "publisher"].iter().any(|own| path.path.is_ident(own)) => {
                self.here().own.insert(method.clone());
            }
            // `app.billing(..).renew(..)`
            Expr::MethodCall(inner) if inner.method == "billing" => {
                self.here().own.insert(method.clone());
            }
            // `self.store.payment(..)`
            Expr::Field(field) => {
                if let syn::Member::Named(name) = &field.member {
                    let field = name.to_string();
                    self.here().of_field.insert((field, method.clone()));
                }
            }
            _ => {}
        }
        if method == "index_name"
            && let Some(constant) = call.args.first().and_then(last_name)
        {
            self.here().indexes.insert(constant);
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}

/// Everything that can be come to from some functions, by what they call of their own.
fn reached(doing: &BTreeMap<String, Doing>, from: impl IntoIterator<Item = String>) -> Vec<&Doing> {
    let (mut seen, mut left) = (BTreeSet::new(), from.into_iter().collect::<Vec<_>>());
    while let Some(name) = left.pop() {
        if let Some(does) = doing.get(&name).filter(|_| seen.insert(name)) {
            left.extend(does.own.iter().cloned());
        }
    }
    seen.iter().map(|name| &doing[name]).collect()
}

/// What a function may have to be allowed to do with the table.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Use {
    /// The methods of the store's ports that it can come to.
    pub(crate) ports: BTreeSet<String>,
    /// DynamoDB's operations on rows, as IAM names them.
    pub(crate) rows: BTreeSet<String>,
    /// The indexes that it queries.
    pub(crate) indexes: BTreeSet<String>,
}

/// How each function uses the table: from its handler through the use cases to what the adapter sends.
pub(crate) fn uses() -> &'static BTreeMap<String, Use> {
    static USES: OnceLock<BTreeMap<String, Use>> = OnceLock::new();
    USES.get_or_init(|| {
        let (use_cases, adapter, indexes) = (Reader::read(USE_CASES), Reader::read(ADAPTER), index_names());
        let of = |function: String| {
            let handlers = Reader::read(&[&format!("functions/{function}/src/")]);
            let asked = handlers.values().flat_map(|does| does.own.iter().cloned());
            let through = reached(&use_cases, asked);
            assert!(!through.is_empty(), "functions/{function} asks for no use case: this test reads it wrongly");
            let called = through.iter().flat_map(|does| of_field(does, "store"));
            let mut used = Use { ports: called.collect(), ..Use::default() };
            let at_the_start = (!reads_stream(&function)).then(|| AT_THE_START.to_owned());
            let entries = used.ports.iter().cloned().chain(at_the_start);
            for does in reached(&adapter, entries) {
                for request in of_field(does, "client") {
                    let names = match request.as_str() {
                        "config" => continue,
                        "query" => {
                            used.indexes.extend(does.indexes.iter().map(|index| indexes[index].clone()));
                            continue;
                        }
                        "get_item" => vec!["GetItem"],
                        "batch_get_item" => vec!["BatchGetItem"],
                        "update_item" => vec!["UpdateItem"],
                        // The actions are named below, where they are built.
                        "transact_write_items" => vec![],
                        other => panic!("teach this test which permission {other} needs"),
                    };
                    used.rows.extend(names.into_iter().map(str::to_owned));
                }
                // A transaction needs the permission of each of its actions (DynamoDB developer guide, "Using IAM with
                // DynamoDB transactions", read 2026-11-29).
                for built in &does.built {
                    match built.as_str() {
                        "ConditionCheck" => used.rows.insert("ConditionCheckItem".to_owned()),
                        "Update" => used.rows.insert("UpdateItem".to_owned()),
                        "Put" | "Delete" => panic!("teach this test which permission {built} needs"),
                        _ => false,
                    };
                }
            }
            (function, used)
        };
        repository::functions().into_iter().map(of).collect()
    })
}

fn of_field(does: &Doing, field: &str) -> Vec<String> {
    does.of_field.iter().filter(|(name, _)| name == field).map(|(_, method)| method.clone()).collect()
}

/// The names of indexes by their constants.
pub(crate) fn index_names() -> BTreeMap<String, String> {
    let files = repository::rust_files(ADAPTER);
    let constants = files.iter().flat_map(|file| sources::parsed(file).items).filter_map(|item| match item {
        Item::Const(constant) if constant.ident.to_string().ends_with("_INDEX") => {
            Some((constant.ident.to_string(), literal(&constant.expr).expect("a name")))
        }
        _ => None,
    });
    constants.collect()
}

/// The methods of a port.
pub(crate) fn port(name: &str) -> BTreeSet<String> {
    let methods = sources::parsed(PORTS).items.into_iter().find_map(|item| match item {
        Item::Trait(port) if port.ident == name => Some(port.items),
        _ => None,
    });
    let methods = methods.unwrap_or_else(|| panic!("{PORTS} has no {name}")).into_iter();
    let names = methods.filter_map(|item| match item {
        TraitItem::Fn(method) => Some(method.sig.ident.to_string()),
        _ => None,
    });
    names.collect()
}

/// The functions that read a card out of a request.
pub(crate) fn card_functions() -> &'static BTreeSet<String> {
    static FOUND: OnceLock<BTreeSet<String>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let reading = sources::calls(&["functions"]).into_iter().filter(|call| call.name == "order::card");
        let found: BTreeSet<String> =
            reading.filter_map(|call| Some(call.file.split('/').nth(1)?.to_owned())).collect();
        assert!(!found.is_empty(), "no function takes cards: this test reads the sources wrongly");
        found
    })
}

/// Whether the table's stream starts a function. It has a bus, and neither the table nor the secret.
pub(crate) fn reads_stream(function: &str) -> bool {
    repository::read(&format!("functions/{function}/src/main.rs")).contains("serve_stream(")
}

/// How long a function gives a request, in seconds; nothing for one that a timer starts.
pub(crate) fn budget(function: &str) -> Option<i64> {
    let main = repository::read(&format!("functions/{function}/src/main.rs"));
    if main.contains("serve_http(runtime::HANDLER_BUDGET,") {
        Some(i64::try_from(runtime::HANDLER_BUDGET.as_secs()).expect("seconds"))
    } else if main.contains("serve_http(handler::BUDGET,") {
        Some(seconds(&format!("functions/{function}/src/handler.rs"), "BUDGET"))
    } else {
        let known = main.contains("serve_ticks(") || reads_stream(function);
        assert!(known, "functions/{function}: teach this test how it is run");
        None
    }
}

#[test]
fn the_reader_follows_calls_from_a_handler_to_the_table() {
    let refund = &uses()["refund"];
    assert!(refund.ports.contains("payment") && refund.ports.contains("save"), "{refund:?}");
    assert!(refund.indexes.is_empty(), "{refund:?}");
    let reconcile = &uses()["reconcile"];
    assert!(reconcile.ports.contains("due") && reconcile.ports.contains("claims"), "{reconcile:?}");
    assert!(reconcile.indexes.contains("due") && reconcile.indexes.contains("day"), "{reconcile:?}");
    assert_eq!(seconds("shared/billing/src/report.rs", "BEGINS_SECONDS"), 4 * 3_600);
}
