//! The functions' sources as syntax: every call in them, with the texts that it is given.

use std::collections::BTreeSet;

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{
    Attribute, Expr, ExprCall, ExprMethodCall, ExprStruct, ImplItemFn, Item, ItemFn, ItemMod, Lit, LitStr, Member,
};

use crate::repository;

/// Where code runs that a storefront can reach.
pub(crate) const EDGE: &[&str] = &["shared/billing/src", "shared/runtime/src", "shared/store/src", "functions"];

/// A call of a function, a method or a closure, outside of unit tests.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) file: String,
    /// The function that it stands in.
    pub(crate) within: String,
    /// Its last two names, as in `Invalid::new`; a method has one.
    pub(crate) name: String,
    pub(crate) is_method: bool,
    /// Its arguments: `Some` for a text that stands there.
    pub(crate) arguments: Vec<Option<String>>,
}

/// A source as syntax.
pub(crate) fn parsed(file: &str) -> syn::File {
    syn::parse_file(&repository::read(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Every call in the sources under the given folders.
pub(crate) fn calls(under: &[&str]) -> Vec<Call> {
    let mut calls = Vec::new();
    for file in repository::rust_files(under).into_iter().filter(|file| !is_test_file(file)) {
        let syntax = parsed(&file);
        let mut reader = Reader { file, within: String::new(), calls: &mut calls };
        reader.visit_file(&syntax);
    }
    calls
}

struct Reader<'a> {
    file: String,
    within: String,
    calls: &'a mut Vec<Call>,
}

impl Reader<'_> {
    fn add(&mut self, name: String, is_method: bool, arguments: Vec<Option<String>>) {
        self.calls.push(Call { file: self.file.clone(), within: self.within.clone(), name, is_method, arguments });
    }

    fn inside(&mut self, name: String, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.within, name);
        visit(self);
        self.within = outer;
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.inside(item.sig.ident.to_string(), |reader| syn::visit::visit_item_fn(reader, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.inside(item.sig.ident.to_string(), |reader| syn::visit::visit_impl_item_fn(reader, item));
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(path) = &*call.func {
            let names: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            let name = names[names.len().saturating_sub(2)..].join("::");
            self.add(name, false, call.args.iter().map(text).collect());
        }
        syn::visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.add(call.method.to_string(), true, call.args.iter().map(text).collect());
        syn::visit::visit_expr_method_call(self, call);
    }

    /// `Invalid { code, .. }` names a code as well as `Invalid::new` does.
    fn visit_expr_struct(&mut self, made: &'ast ExprStruct) {
        if made.path.is_ident("Invalid") {
            let code = made.fields.iter().find(|field| matches!(&field.member, Member::Named(name) if name == "code"));
            self.add("Invalid{}".to_owned(), false, vec![code.and_then(|field| text(&field.expr))]);
        }
        syn::visit::visit_expr_struct(self, made);
    }

    /// `identifier!(Name, "field", ..)` makes a type whose `parse` names the field.
    fn visit_item(&mut self, item: &'ast Item) {
        if let Item::Macro(made) = item
            && made.mac.path.is_ident("identifier")
        {
            let Identifier(field) = made.mac.parse_body().expect("identifier!(.., \"field\", ..)");
            self.add("identifier!".to_owned(), false, vec![Some(field)]);
        }
        syn::visit::visit_item(self, item);
    }
}

struct Identifier(String);

impl Parse for Identifier {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(Attribute::parse_outer)?;
        input.parse::<syn::Ident>()?;
        input.parse::<syn::Token![,]>()?;
        let field = input.parse::<LitStr>()?.value();
        // The rest is nothing to this test, but has to be taken.
        while !input.is_empty() {
            input.step(|cursor| Ok(cursor.token_tree().map_or(((), *cursor), |(_, rest)| ((), rest))))?;
        }
        Ok(Self(field))
    }
}

/// Whether a file is a module of unit tests, beside the module that it tests, or a part of one.
pub(crate) fn is_test_file(file: &str) -> bool {
    file.ends_with("/tests.rs") || file.contains("/tests/")
}

/// Whether what they stand on is for unit tests only.
pub(crate) fn is_test(attributes: &[Attribute]) -> bool {
    let names_test = |attribute: &Attribute| {
        let listed = attribute.parse_args_with(Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated);
        attribute.path().is_ident("cfg")
            && listed.is_ok_and(|metas| metas.iter().any(|meta| meta.path().is_ident("test")))
    };
    attributes.iter().any(names_test)
}

fn text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        Expr::Reference(reference) => text(&reference.expr),
        _ => None,
    }
}

#[test]
fn the_reader_sees_calls_methods_and_macros_but_no_unit_tests() {
    let all = calls(&["shared/billing/src"]);
    let has = |name: &str, text: &str| {
        all.iter().any(|call| call.name == name && call.arguments.iter().flatten().any(|argument| argument == text))
    };
    assert!(has("identifier!", "merchant_uid"));
    assert!(has("Invalid::new", "card_expired"));
    assert!(has("Invalid::field", "birth"));
    assert!(!has("CardNumber::parse", "4242424242424242"), "a unit test was read");
    let files: BTreeSet<&str> = all.iter().map(|call| call.file.as_str()).collect();
    assert!(files.len() > 10, "{files:?}");
}
