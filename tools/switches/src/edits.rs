//! Changes of a text that lie within one another.

use std::collections::BTreeMap;

/// Text that is put around a part of a source, or in its place, because of some mutants.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    /// The mutants that it serves.
    pub(crate) ids: Vec<u32>,
    /// How deep in the source it lies: what is put around an inner part stands inside of what is put around an outer one.
    pub(crate) depth: usize,
    /// The part, in bytes.
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) before: String,
    pub(crate) after: String,
    /// Parts of it that are replaced.
    pub(crate) instead: Vec<(usize, usize, String)>,
}

/// Where a piece of text comes, among others at the same place.
type Order = (usize, u8, isize, usize);
/// Up to where the source is replaced by it, the text, and the edit that begins or ends with it, if one does.
type Piece<'a> = (usize, &'a str, Option<(usize, bool)>);

/// The text with all edits in it, and where each mutant's stands: its number, and from which byte to which.
pub(crate) fn applied(source: &str, mut edits: Vec<Edit>) -> (String, Vec<(u32, usize, usize)>) {
    // Nothing can be put into what is replaced.
    let replaced: Vec<(usize, usize)> =
        edits.iter().flat_map(|edit| &edit.instead).map(|(from, to, _)| (*from, *to)).collect();
    let is_gone = |edit: &Edit| replaced.iter().any(|(from, to)| *from <= edit.from && edit.to <= *to && from < to);
    edits.retain(|edit| !edit.instead.is_empty() || !is_gone(edit));

    // At one place inner parts end before outer ones do, and outer ones begin before inner ones.
    let mut pieces: BTreeMap<Order, Piece<'_>> = BTreeMap::new();
    for (number, edit) in edits.iter().enumerate() {
        let depth = isize::try_from(edit.depth).unwrap_or(isize::MAX);
        pieces.insert((edit.from, 1, depth, number), (edit.from, &edit.before, Some((number, true))));
        let last = if edit.to > edit.from { 0 } else { 2 };
        pieces.insert((edit.to, last, -depth, number), (edit.to, &edit.after, Some((number, false))));
        for (place, (from, to, text)) in edit.instead.iter().enumerate() {
            let order = (*from, 3, 0, number * 16 + place);
            pieces.insert(order, (*to, text, None));
        }
    }
    let (mut out, mut at) = (String::with_capacity(source.len() * 2), 0);
    let mut places = vec![(0, 0); edits.len()];
    for ((from, ..), (to, text, edge)) in pieces {
        out.push_str(source.get(at..from).unwrap_or_default());
        if let Some((number, true)) = edge {
            places[number].0 = out.len();
        }
        out.push_str(text);
        if let Some((number, false)) = edge {
            places[number].1 = out.len();
        }
        at = at.max(to);
    }
    out.push_str(source.get(at..).unwrap_or_default());
    let of =
        |(edit, (from, to)): (&Edit, &(usize, usize))| edit.ids.iter().map(|id| (*id, *from, *to)).collect::<Vec<_>>();
    let places = edits.iter().zip(&places).flat_map(of).collect();
    (out, places)
}
