//! What is drawn carries `<!>` between texts and after lists, by which hydration finds its places. Only islands hydrate:
//! everywhere else the marks are bytes to send, and nodes that every browser makes for nothing.

/// What was drawn, without the marks that nothing looks for. What people wrote cannot look like one: `<` is escaped in
/// texts and attributes.
pub fn without_markers(html: &str) -> String {
    let mut kept = String::with_capacity(html.len());
    let (mut islands, mut begin) = (0_u32, 0);
    for (at, _) in html.match_indices('<') {
        let tag = html.get(at + 1..).unwrap_or_default();
        if tag.starts_with("leptos-island") {
            islands += 1;
        } else if tag.starts_with("/leptos-island") {
            islands = islands.saturating_sub(1);
        } else if islands == 0 && tag.starts_with("!>") {
            kept.push_str(html.get(begin..at).unwrap_or_default());
            begin = at + "<!>".len();
        }
    }
    kept.push_str(html.get(begin..).unwrap_or_default());
    kept
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
