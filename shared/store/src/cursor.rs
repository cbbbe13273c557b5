//! Page cursors: opaque to the caller, good for one list only.

use billing::ports::StoreError;
use sha2::{Digest, Sha256};

/// Where a page ended, bound to the list it belongs to. Hex, so that it survives any query string.
pub(crate) fn encode(list: &str, parts: &[&str]) -> String {
    let text = std::iter::once(tag(list).as_str()).chain(parts.iter().copied()).collect::<Vec<_>>().join("\n");
    billing::fingerprint::hex(text.as_bytes())
}

/// Reads a cursor of this very list back into its `N` parts.
///
/// # Errors
/// [`StoreError::Cursor`] for anything else.
pub(crate) fn decode<const N: usize>(list: &str, cursor: &str) -> Result<[String; N], StoreError> {
    let bytes = unhex(cursor).ok_or(StoreError::Cursor)?;
    let text = String::from_utf8(bytes).map_err(|_| StoreError::Cursor)?;
    let mut parts = text.split('\n').map(str::to_owned);
    if parts.next() != Some(tag(list)) {
        return Err(StoreError::Cursor);
    }
    parts.collect::<Vec<_>>().try_into().map_err(|_| StoreError::Cursor)
}

fn tag(list: &str) -> String {
    billing::fingerprint::hex(&Sha256::digest(list.as_bytes())[..8])
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pair = |at| text.get(at..at + 2).and_then(|pair: &str| u8::from_str_radix(pair, 16).ok());
    (0..text.len()).step_by(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_own_list_only() {
        let cursor = encode("owner#kim", &["PAY#1", "SCH#x"]);
        assert_eq!(decode("owner#kim", &cursor), Ok(["PAY#1".to_owned(), "SCH#x".to_owned()]));
        assert_eq!(decode::<2>("owner#lee", &cursor), Err(StoreError::Cursor));
        for forged in ["", "zz", "a", "6161", "é", &cursor[..cursor.len() - 2].replace('3', "g")] {
            assert_eq!(decode::<2>("owner#kim", forged), Err(StoreError::Cursor), "{forged}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_cursor_gives_back_what_was_put_into_it_and_to_its_own_list_alone(
            list in "[^\n]{0,40}(\n[^\n]{0,40})?", other in "[^\n]{0,40}", parts in proptest::array::uniform3("[^\n]{0,80}"),
        ) {
            let cursor = encode(&list, &parts.each_ref().map(String::as_str));
            proptest::prop_assert!(cursor.bytes().all(|byte| byte.is_ascii_hexdigit()));
            proptest::prop_assert_eq!(decode::<3>(&list, &cursor), Ok(parts));
            proptest::prop_assert_eq!(decode::<2>(&list, &cursor), Err(StoreError::Cursor));
            if other != list {
                proptest::prop_assert_eq!(decode::<3>(&other, &cursor), Err(StoreError::Cursor));
            }
        }

        #[test]
        fn a_text_that_is_no_cursor_is_refused(text in "\\PC{0,60}|[0-9a-f]{0,60}") {
            proptest::prop_assert_eq!(decode::<1>("owner#kim", &text), Err(StoreError::Cursor));
        }
    }
}
