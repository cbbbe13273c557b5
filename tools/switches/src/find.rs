//! Where mutants are in the syntax, and what their switches look like there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use proc_macro2::{LineColumn, Span};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{
    Arm, BinOp, Block, Expr, ExprBinary, ExprUnary, ImplItemFn, ItemConst, ItemFn, ItemStatic, Signature, TraitItemFn,
};

use crate::Mutant;
use crate::edits::Edit;

/// The edits that put these mutants behind switches. What is not found, or cannot be decided at run time, has none.
///
/// Functions of these names stay `const`: they are called where a constant is made. All others may ask for a switch.
pub(crate) fn edits(source: &str, syntax: &syn::File, mutants: &[Mutant], constant: &[String]) -> Vec<Edit> {
    let starts: Vec<usize> = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let mut finder =
        Finder { source, starts, mutants: BTreeMap::new(), constant, depth: 0, matches: Vec::new(), edits: Vec::new() };
    for mutant in mutants {
        let key = (mutant.genre.clone(), finder.at(mutant.start), finder.at(mutant.end));
        finder.mutants.entry(key).or_default().push(mutant);
    }
    finder.visit_file(syntax);
    finder.edits
}

struct Finder<'a> {
    source: &'a str,
    /// Where each line begins.
    starts: Vec<usize>,
    mutants: BTreeMap<(String, usize, usize), Vec<&'a Mutant>>,
    constant: &'a [String],
    depth: usize,
    /// The matches around the present place, the inmost last.
    matches: Vec<Range<usize>>,
    edits: Vec<Edit>,
}

/// `if` the first is chosen, its text; and so on; else the last text.
fn choice(options: impl IntoIterator<Item = (u32, String)>, otherwise: &str) -> String {
    let mut text = String::new();
    for (id, option) in options {
        let _ = write!(text, "if crate::__mutant({id}) {{ {option} }} else ");
    }
    format!("{text}{{ {otherwise} }}")
}

impl<'a> Finder<'a> {
    /// The byte at a line and a column, both counted from one.
    fn at(&self, (line, column): (usize, usize)) -> usize {
        let start = self.starts.get(line - 1).copied().unwrap_or(self.source.len());
        let rest = self.source.get(start..).unwrap_or_default();
        start + rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at)
    }

    fn range(&self, span: Span) -> Range<usize> {
        let at = |place: LineColumn| self.at((place.line, place.column + 1));
        at(span.start())..at(span.end())
    }

    fn text(&self, range: &Range<usize>) -> &'a str {
        self.source.get(range.clone()).unwrap_or_default()
    }

    fn take(&mut self, genre: &str, range: &Range<usize>) -> Vec<&'a Mutant> {
        self.mutants.remove(&(genre.to_owned(), range.start, range.end)).unwrap_or_default()
    }

    fn push(
        &mut self,
        mutants: &[&Mutant],
        range: &Range<usize>,
        before: String,
        after: String,
        instead: Vec<(usize, usize, String)>,
    ) {
        let ids = mutants.iter().map(|mutant| mutant.id).collect();
        self.edits.push(Edit { ids, depth: self.depth, from: range.start, to: range.end, before, after, instead });
    }

    /// Goes through a function. One that is `const` is so no longer if there is a switch in it.
    fn within(&mut self, signature: &Signature, visit: impl FnOnce(&mut Self)) {
        let Some(constness) = signature.constness else { return visit(self) };
        if self.constant.iter().any(|name| signature.ident == name) {
            return;
        }
        let before = self.edits.len();
        visit(self);
        if self.edits.len() > before {
            let token = self.range(constness.span());
            let gone = vec![(token.start, token.end, String::new())];
            self.push(&[], &token, String::new(), String::new(), gone);
        }
    }

    /// A function's body that returns something else.
    fn function(&mut self, signature: &Signature, body: &Block) {
        let (Some(first), Some(last)) = (body.stmts.first(), body.stmts.last()) else { return };
        let range = self.range(first.span()).start..self.range(last.span()).end;
        let mutants = self.take("FnValue", &range);
        // A value of another type than the rest returns, for all that is known here.
        if mutants.is_empty() || returns_impl(signature) {
            return;
        }
        let returns =
            |mutant: &&Mutant| format!("if crate::__mutant({}) {{ return {}; }} ", mutant.id, mutant.replacement);
        for mutant in &mutants {
            // Each has a place of its own: another type that does not fit says nothing of the rest.
            self.push(&[mutant], &(range.start..range.start), returns(mutant), String::new(), Vec::new());
        }
    }

    fn binary(&mut self, node: &ExprBinary) {
        let token = self.range(node.op.span());
        let mutants = self.take("BinaryOperator", &token);
        let Some(first) = mutants.first().map(|mutant| mutant.id) else { return };
        let (whole, left, right) =
            (self.range(node.span()), self.range(node.left.span()), self.range(node.right.span()));
        let (l, r) = (format!("l{first}"), format!("r{first}"));
        let op = self.text(&token);
        let option = |left: &str, right: &str| {
            let option = |mutant: &&Mutant| (mutant.id, format!("{left} {} {right}", mutant.replacement));
            mutants.iter().map(option).collect::<Vec<_>>()
        };
        match node.op {
            BinOp::And(_) | BinOp::Or(_) => {
                let other = if matches!(node.op, BinOp::And(_)) { "||" } else { "&&" };
                if has_let(&node.left)
                    || has_let(&node.right)
                    || mutants.iter().any(|mutant| mutant.replacement != other)
                {
                    return;
                }
                // Whether the right side is asked is what the operator says.
                let not = if other == "||" { "!" } else { "" };
                let between = format!(") {{ {l} => if {l} == {not}crate::__mutant({first}) {{ ");
                let after = format!(" }} else {{ {l} }} }})");
                self.push(&mutants, &whole, "(match (".to_owned(), after, vec![(token.start, token.end, between)]);
            }
            BinOp::Eq(_) | BinOp::Ne(_) | BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) => {
                let (by_left, by_right) = (format!("*{l}"), format!("*{r}"));
                let options = choice(option(&by_left, &by_right), &format!("{by_left} {op} {by_right}"));
                let after = format!(")) {{ ({l}, {r}) => {options} }})");
                let between = vec![(token.start, token.end, "), &(".to_owned())];
                self.push(&mutants, &whole, "(match (&(".to_owned(), after, between);
            }
            BinOp::Add(_)
            | BinOp::Sub(_)
            | BinOp::Mul(_)
            | BinOp::Div(_)
            | BinOp::Rem(_)
            | BinOp::BitXor(_)
            | BinOp::BitAnd(_)
            | BinOp::BitOr(_)
            | BinOp::Shl(_)
            | BinOp::Shr(_) => {
                let options = choice(option(&l, &r), &format!("{l} {op} {r}"));
                let after = format!(")) {{ ({l}, {r}) => {options} }})");
                let between = vec![(token.start, token.end, "), (".to_owned())];
                self.push(&mutants, &whole, "(match ((".to_owned(), after, between);
            }
            _ => {
                let place = self.text(&left);
                let options = choice(option(place, &r), &format!("{place} {op} {r}"));
                let after = format!(") {{ {r} => {options} }})");
                let gone = vec![(left.start, right.start, String::new())];
                self.push(&mutants, &whole, "(match (".to_owned(), after, gone);
            }
        }
    }

    fn unary(&mut self, node: &ExprUnary) {
        let token = self.range(node.op.span());
        let mutants = self.take("UnaryOperator", &token);
        let Some(first) = mutants.first().map(|mutant| mutant.id) else { return };
        let whole = self.range(node.span());
        let x = format!("x{first}");
        let options = choice([(first, x.clone())], &format!("{}{x}", self.text(&token)));
        let gone = vec![(token.start, token.end, String::new())];
        self.push(&mutants, &whole, "(match (".to_owned(), format!(") {{ {x} => {options} }})"), gone);
    }

    fn arm(&mut self, node: &Arm) {
        let guard = node.guard.as_ref().map(|(_, guard)| (self.range(guard.span()), has_let(guard)));
        let start = self.range(node.span()).start;
        let keys: Vec<_> =
            self.mutants.keys().filter(|(genre, from, _)| genre == "MatchArm" && *from == start).cloned().collect();
        let deleted: Vec<&Mutant> =
            keys.into_iter().flat_map(|key| self.mutants.remove(&key).unwrap_or_default()).collect();
        if let Some(id) = deleted.first().map(|mutant| mutant.id) {
            // Without the arm the whole match may not be exhaustive.
            if let Some(around) = self.matches.last().cloned() {
                self.push(&deleted, &around, String::new(), String::new(), Vec::new());
            }
            match &guard {
                Some((_, true)) => {}
                Some((guard, false)) => {
                    let before = format!("!crate::__mutant({id}) && (");
                    self.push(&deleted, guard, before, ")".to_owned(), Vec::new());
                }
                None => {
                    let end = self.range(node.pat.span()).end;
                    self.push(&deleted, &(end..end), format!(" if !crate::__mutant({id})"), String::new(), Vec::new());
                }
            }
        }
        let Some((guard, false)) = guard else { return };
        let mutants = self.take("MatchArmGuard", &guard);
        if mutants.is_empty() {
            return;
        }
        let mut before = String::from("(");
        for mutant in &mutants {
            let _ = write!(before, "if crate::__mutant({}) {{ {} }} else ", mutant.id, mutant.replacement);
        }
        self.depth += 1;
        self.push(&mutants, &guard, before + "{ (", ") })".to_owned(), Vec::new());
        self.depth -= 1;
    }
}

fn returns_impl(signature: &Signature) -> bool {
    struct Impl(bool);
    impl Visit<'_> for Impl {
        fn visit_type_impl_trait(&mut self, _: &syn::TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut found = Impl(false);
    found.visit_return_type(&signature.output);
    found.0
}

/// Whether a condition binds something: it cannot be put into parentheses.
fn has_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_expr(&mut self, node: &'ast Expr) {
        // Attributes of an expression would end up inside.
        match node {
            Expr::Binary(binary) if binary.attrs.is_empty() => self.binary(binary),
            Expr::Unary(unary) if unary.attrs.is_empty() => self.unary(unary),
            // It is decided when it is compiled.
            Expr::Const(_) => return,
            _ => {}
        }
        if let Expr::Match(node) = node {
            let range = self.range(node.span());
            self.matches.push(range);
        }
        self.depth += 2;
        visit::visit_expr(self, node);
        self.depth -= 2;
        if matches!(node, Expr::Match(_)) {
            self.matches.pop();
        }
    }

    fn visit_arm(&mut self, node: &'ast Arm) {
        self.arm(node);
        self.depth += 2;
        visit::visit_arm(self, node);
        self.depth -= 2;
    }

    fn visit_item_fn(&mut self, node: &'ast ItemFn) {
        self.within(&node.sig, |finder| {
            finder.function(&node.sig, &node.block);
            visit::visit_item_fn(finder, node);
        });
    }

    fn visit_impl_item_fn(&mut self, node: &'ast ImplItemFn) {
        self.within(&node.sig, |finder| {
            finder.function(&node.sig, &node.block);
            visit::visit_impl_item_fn(finder, node);
        });
    }

    fn visit_trait_item_fn(&mut self, node: &'ast TraitItemFn) {
        if let Some(body) = &node.default {
            self.function(&node.sig, body);
        }
        visit::visit_trait_item_fn(self, node);
    }

    fn visit_item_const(&mut self, _: &'ast ItemConst) {}

    fn visit_item_static(&mut self, _: &'ast ItemStatic) {}

    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}

    fn visit_trait_item_const(&mut self, _: &'ast syn::TraitItemConst) {}
}
