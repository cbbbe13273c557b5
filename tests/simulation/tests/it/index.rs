//! The index of what is due, as it lags behind.

use billing::ports::{DUE_SHARDS, DueRow};
use billing::{MerchantUid, Timestamp};
use simulation::table::index::DueIndex;

fn row(number: u32) -> DueRow {
    DueRow::Payment(MerchantUid::parse(&format!("order{number}")).unwrap())
}

fn all(index: &DueIndex, until: i64, lagging_at: Option<i64>) -> Vec<DueRow> {
    let mut found = Vec::new();
    for shard in 0..DUE_SHARDS {
        let mut cursor = None;
        loop {
            let page = index.page(shard, Timestamp(until), cursor.as_deref(), lagging_at).unwrap();
            found.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    found.sort();
    found
}

#[test]
fn pages_show_every_due_row_once() {
    let mut index = DueIndex::default();
    let mut rows: Vec<DueRow> = (0..200).map(row).collect();
    rows.sort();
    for (place, row) in rows.iter().enumerate() {
        index.set(row.clone(), Some(Timestamp(i64::try_from(place % 7).unwrap())), 0);
    }
    assert_eq!(all(&index, 10, None), rows);
    assert_eq!(all(&index, 2, None).len(), rows.iter().enumerate().filter(|(place, _)| place % 7 <= 2).count());
    assert_eq!(index.first(), Some(Timestamp(0)));
}

#[test]
fn a_lagging_index_hides_what_is_new_and_shows_what_is_gone() {
    let mut index = DueIndex::default();
    index.set(row(1), Some(Timestamp(5)), 0);
    index.set(row(1), None, 100);
    index.set(row(2), Some(Timestamp(5)), 100);
    assert_eq!(all(&index, 200, None), [row(2)]);
    assert_eq!(all(&index, 200, Some(105)), [row(1)]);
    assert_eq!(all(&index, 200, Some(110)), [row(2)]);
}
