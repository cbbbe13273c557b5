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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Reads a list of so many pages, each with its number on it, until page `enough` is seen. Says which were read, and which were
    /// seen.
    async fn read_through(pages: u32, enough: u32) -> (Vec<u32>, Vec<u32>) {
        let (read, mut seen) = (RefCell::new(Vec::new()), Vec::new());
        let of = |cursor: Option<String>| {
            let number = cursor.map_or(1, |cursor| cursor.parse().unwrap());
            read.borrow_mut().push(number);
            let next = (number < pages).then(|| (number + 1).to_string());
            std::future::ready(Ok(Page { items: vec![number], next }))
        };
        through_pages(of, |items| {
            seen.extend(items);
            seen.last() == Some(&enough)
        })
        .await
        .unwrap();
        (read.into_inner(), seen)
    }

    #[tokio::test]
    async fn each_page_is_read_once_and_none_after_the_last_nor_after_enough() {
        for pages in 1..=PAGES_MAX + 2 {
            for enough in 1..=PAGES_MAX + 3 {
                let expected: Vec<u32> = (1..=pages.min(enough).min(PAGES_MAX)).collect();
                let (read, seen) = read_through(pages, enough).await;
                assert_eq!((&read, &seen), (&expected, &expected), "{pages} pages, {enough} are enough");
            }
        }
    }
}
