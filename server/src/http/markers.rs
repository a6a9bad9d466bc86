//! What is drawn carries `<!>` between texts and after lists, by which hydration finds its places. Only islands hydrate:
//! everywhere else the marks are bytes to send, and nodes that every browser makes for nothing.

use std::ops::Range;

use memchr::memmem;

const MARK: &str = "<!>";

/// What was drawn, without the marks that nothing looks for. What people wrote cannot look like one: `<` is escaped in
/// texts and attributes.
pub fn without_markers(html: &str) -> String {
    let islands = islands(html);
    let mut kept = String::with_capacity(html.len());
    let mut begin = 0;
    for at in memmem::find_iter(html.as_bytes(), MARK) {
        if !islands.iter().any(|island| island.contains(&at)) {
            kept.push_str(html.get(begin..at).unwrap_or_default());
            begin = at + MARK.len();
        }
    }
    kept.push_str(html.get(begin..).unwrap_or_default());
    kept
}

/// Where islands stand that are in no other.
fn islands(html: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut depth, mut begin) = (0_u32, 0);
    for at in memmem::find_iter(html.as_bytes(), "leptos-island") {
        let before = html.get(..at).unwrap_or_default();
        if before.ends_with("</") {
            if depth == 1 {
                found.push(begin..at);
            }
            depth = depth.saturating_sub(1);
        } else if before.ends_with('<') {
            if depth == 0 {
                begin = at;
            }
            depth += 1;
        }
    }
    if depth > 0 {
        found.push(begin..html.len());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use leptos::prelude::*;

    #[test]
    fn marks_stay_in_islands_alone() {
        for (drawn, sent) in [
            ("<!DOCTYPE html><p>a<!>b</p><!>", "<!DOCTYPE html><p>ab</p>"),
            (
                "<leptos-island><i>a<!>b</i></leptos-island>c<!>",
                "<leptos-island><i>a<!>b</i></leptos-island>c",
            ),
            (
                "<leptos-island><leptos-island><!></leptos-island><!></leptos-island><!>",
                "<leptos-island><leptos-island><!></leptos-island><!></leptos-island>",
            ),
            (
                "<!><leptos-island><!></leptos-island><!>'leptos-island'<leptos-island><!>",
                "<leptos-island><!></leptos-island>'leptos-island'<leptos-island><!>",
            ),
            ("<!-- a --><p>&lt;!&gt;</p>", "<!-- a --><p>&lt;!&gt;</p>"),
            ("", ""),
        ] {
            assert_eq!(without_markers(drawn), sent);
        }
    }

    #[test]
    fn what_people_write_is_sent_as_they_wrote_it() {
        let written = "a<!>b</leptos-island>";
        let drawn = view! { <p title=written>{written}</p> }.to_html();
        assert_eq!(without_markers(&drawn).matches("&lt;!&gt;").count(), 2, "{drawn}");
    }
}
