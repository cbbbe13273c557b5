//! Reading lists of a customer's rows in order to find something in them.

use std::future::Future;

use crate::ports::{Page, StoreError};

/// Rows read at a time, and most pages of them: no customer has more.
pub(super) const ROWS_A_PAGE: usize = 100;
const PAGES_MAX: u32 = 10;

/// Reads a list page by page, from the cursor that each names, until `is_enough` says so of what it was given.
pub(super) async fn through_pages<T, F>(
    read: impl Fn(Option<String>) -> F,
    mut is_enough: impl FnMut(Vec<T>) -> bool,
) -> Result<(), StoreError>
where
    F: Future<Output = Result<Page<T>, StoreError>>,
{
    let mut cursor = None;
    for _ in 0..PAGES_MAX {
        let page = read(cursor).await?;
        cursor = page.next;
        if is_enough(page.items) || cursor.is_none() {
            break;
        }
    }
    Ok(())
}
