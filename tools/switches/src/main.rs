//! Puts mutants into sources, each behind a switch: `crate::__mutant(7)` is true in a process whose environment says `MUTANT=7`.
//! One build then holds them all, and to ask a test about one of them is to run it.
//!
//! Reads from standard input what is to be done, changes the sources in place, and writes to standard output where each mutant
//! stands now, and which ones it could not put behind a switch: those need a build of their own.

mod edits;
mod find;

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What is to be done.
#[derive(Debug, Deserialize)]
struct Request {
    /// The folder that paths are relative to.
    root: PathBuf,
    mutants: Vec<Mutant>,
    /// Functions that stay `const`.
    #[serde(default)]
    constant: Vec<String>,
}

/// A mutant, as cargo-mutants lists it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Mutant {
    /// The switch's number; not 0, which is none.
    id: u32,
    path: PathBuf,
    /// Line and column, both counted from one, columns in characters.
    start: (usize, usize),
    end: (usize, usize),
    genre: String,
    replacement: String,
}

/// Where a mutant stands in the changed source.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Switched {
    id: u32,
    path: PathBuf,
    /// Bytes of the source that the compiler may complain about because of this mutant.
    from: usize,
    to: usize,
}

#[derive(Debug, Serialize)]
struct Answer {
    switched: Vec<Switched>,
    /// Mutants that need a build of their own.
    left: Vec<u32>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let request: Request = serde_json::from_str(&text)?;
    let mut by_path: BTreeMap<PathBuf, Vec<Mutant>> = BTreeMap::new();
    for mutant in request.mutants {
        by_path.entry(mutant.path.clone()).or_default().push(mutant);
    }
    let mut answer = Answer { switched: Vec::new(), left: Vec::new() };
    for (path, mutants) in by_path {
        let file = request.root.join(&path);
        let source = std::fs::read_to_string(&file)?;
        let (changed, switched) = switched(&source, &path, &mutants, &request.constant)?;
        let done: Vec<u32> = switched.iter().map(|it| it.id).collect();
        answer.left.extend(mutants.iter().map(|mutant| mutant.id).filter(|id| !done.contains(id)));
        answer.switched.extend(switched);
        std::fs::write(&file, changed)?;
    }
    io::stdout().write_all(serde_json::to_string(&answer)?.as_bytes())?;
    Ok(())
}

/// A source with these mutants behind their switches, and where each of them stands in it.
fn switched(
    source: &str,
    path: &std::path::Path,
    mutants: &[Mutant],
    constant: &[String],
) -> syn::Result<(String, Vec<Switched>)> {
    let syntax = syn::parse_file(source)?;
    let edits = find::edits(source, &syntax, mutants, constant);
    let (changed, places) = edits::applied(source, edits);
    let switched = places.into_iter().map(|(id, from, to)| Switched { id, path: path.to_owned(), from, to });
    Ok((changed, switched.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(id: u32, genre: &str, source: &str, what: &str, replacement: &str) -> Mutant {
        let at = source.find(what).unwrap();
        let place = |at: usize| {
            let before = &source[..at];
            let line = before.matches('\n').count() + 1;
            (line, before.rsplit('\n').next().unwrap().chars().count() + 1)
        };
        let (start, end) = (place(at), place(at + what.len()));
        let (genre, replacement) = (genre.to_owned(), replacement.to_owned());
        Mutant { id, path: PathBuf::from("a.rs"), start, end, genre, replacement }
    }

    /// A mutant of an operator of one character, which stands in the source with what follows it.
    fn operator(id: u32, source: &str, what: &str, replacement: &str) -> Mutant {
        let wide = mutant(id, "BinaryOperator", source, what, replacement);
        Mutant { end: (wide.start.0, wide.start.1 + 1), ..wide }
    }

    fn changed(source: &str, mutants: &[Mutant]) -> (String, Vec<u32>) {
        let (changed, switched) = switched(source, std::path::Path::new("a.rs"), mutants, &["f".to_owned()]).unwrap();
        syn::parse_file(&changed).unwrap();
        for place in &switched {
            assert!(changed[place.from..place.to].contains(&format!("__mutant({})", place.id)), "{changed}");
        }
        let mut ids: Vec<u32> = switched.into_iter().map(|it| it.id).collect();
        ids.sort_unstable();
        ids.dedup();
        (changed, ids)
    }

    #[test]
    fn operators_within_one_another_keep_their_order() {
        let source = "const fn h(a: i64, b: i64) -> bool { a + 1 < b && !(b == 7) }\n";
        let mutants = [
            mutant(1, "BinaryOperator", source, "+", "-"),
            mutant(2, "BinaryOperator", source, "<", "<="),
            mutant(3, "BinaryOperator", source, "<", ">"),
            mutant(4, "BinaryOperator", source, "&&", "||"),
            mutant(5, "UnaryOperator", source, "!", ""),
            mutant(6, "BinaryOperator", source, "==", "!="),
            mutant(7, "FnValue", source, "a + 1 < b && !(b == 7)", "true"),
        ];
        let (text, ids) = changed(source, &mutants);
        assert_eq!(ids, [1, 2, 3, 4, 5, 6, 7], "{text}");
    }

    #[test]
    fn what_cannot_be_decided_when_it_runs_is_left() {
        let source = "const fn f(a: u8) -> bool { a < 1 }\nfn g(a: Option<u8>) -> u8 { if let Some(b) = a && b > 2 { b } else { 0 } }\n";
        let mutants = [
            mutant(1, "BinaryOperator", source, "<", "=="),
            mutant(2, "BinaryOperator", source, "&&", "||"),
            operator(3, source, "> 2", ">="),
        ];
        let (text, ids) = changed(source, &mutants);
        assert_eq!(ids, [3], "{text}");
    }

    #[test]
    fn arms_guards_and_assignments() {
        let source = "fn f(a: u8) -> u8 {\n    let mut b = 1;\n    b += a;\n    match a {\n        1 => b,\n        x if x > b => 3,\n        _ => 4,\n    }\n}\n";
        let arm = mutant(1, "MatchArm", source, "1 => b,", "");
        let mutants = [
            arm,
            mutant(2, "MatchArmGuard", source, "x > b", "true"),
            mutant(3, "MatchArmGuard", source, "x > b", "false"),
            operator(4, source, "> b =>", "<"),
            mutant(5, "BinaryOperator", source, "+=", "-="),
            mutant(6, "MatchArm", source, "x if x > b => 3,", ""),
        ];
        let (text, ids) = changed(source, &mutants);
        assert_eq!(ids, [1, 2, 3, 4, 5, 6], "{text}");
    }
}
