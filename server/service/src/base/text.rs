//! Text as it is searched by: beginnings, parts, one line.

use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr, SimpleExpr};
use sea_orm::{Condition, DatabaseBackend};

/// Text from outside on one line of bounded length, without control characters.
pub(crate) fn one_line(text: &str, longest: usize) -> String {
    let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    visible.take(longest).collect::<String>().trim().to_owned()
}

/// A column in the order of its bytes, as an index keeps it.
pub(crate) fn by_bytes(column: impl sea_orm::Iden, backend: DatabaseBackend) -> SimpleExpr {
    let name = column.unquoted().to_string();
    match backend {
        DatabaseBackend::Postgres => Expr::cust(format!("{name} COLLATE \"C\"")),
        _ => Expr::cust(name),
    }
}

/// The texts that begin so, by their bytes.
pub(crate) fn begins_with(column: impl sea_orm::Iden, text: &str, backend: DatabaseBackend) -> Condition {
    let bytes = by_bytes(column, backend);
    Condition::all().add(bytes.clone().gte(text)).add(bytes.lt(format!("{text}\u{10ffff}")))
}

/// The pattern of texts that have it in them; what the person typed is never a pattern itself.
pub(crate) fn containing(text: &str) -> LikeExpr {
    LikeExpr::new(format!("%{}%", escaped(text))).escape('\\')
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// The host name in a web address, or the text itself if it is one; in ASCII form.
pub(crate) fn host_in(text: &str) -> Option<String> {
    let text = text.trim();
    if text.contains("://") {
        return domain::value::url::host_of_url(text);
    }
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('.') { domain::value::domain_name::check_domain(host).ok() } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    #[test]
    fn what_is_typed_is_no_pattern() {
        assert_eq!(escaped(r"100%_\"), r"100\%\_\\");
    }

    #[test]
    fn a_host_is_found_however_it_is_typed() {
        for (text, host) in [
            ("example.cn", Some("example.cn")),
            (" EXAMPLE.CN/page ", Some("example.cn")),
            ("https://www.example.cn/x?y", Some("www.example.cn")),
            ("中文.cn", Some("xn--fiq228c.cn")),
            ("example", None),
            ("某某企业官网", None),
            ("https://", None),
            ("", None),
        ] {
            assert_eq!(host_in(text).as_deref(), host, "{text}");
        }
    }
}
