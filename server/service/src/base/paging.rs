//! Lists in pages.

/// Rows on one page of a list.
pub(crate) const PAGE: u64 = 20;

/// Cuts the row too many that tells of a further page, and names that page's cursor.
pub(crate) fn split_page<M>(rows: &mut Vec<M>, id: impl Fn(&M) -> &String) -> Option<String> {
    let size = usize::try_from(PAGE).unwrap_or(usize::MAX);
    if rows.len() <= size {
        return None;
    }
    rows.truncate(size);
    rows.last().map(|row| id(row).clone())
}
