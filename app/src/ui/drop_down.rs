//! What a drop-down offers.

use maud::{Markup, html};

pub fn option(code: &str, label: &str, is_chosen: bool) -> Markup {
    html! { option value=(code) selected[is_chosen] { (label) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_ends_no_text_and_no_attribute() {
        let written = "晨光\"><script>&amp;' ";
        let escaped = "晨光&quot;&gt;&lt;script&gt;&amp;amp;' ";
        let chosen = option(written, written, true).into_string();
        assert_eq!(chosen, format!("<option value=\"{escaped}\" selected>{escaped}</option>"));
        assert_eq!(option("", "无", false).into_string(), "<option value=\"\">无</option>");
    }
}
