//! What a drop-down offers.

use maud::{Markup, html};

pub fn option(code: &str, label: &str, is_chosen: bool) -> Markup {
    html! { option value=(code) selected[is_chosen] { (label) } }
}

/// What a question offers, by code and label, under 请选择. To the browser it is one text: nothing in it changes by itself.
pub fn options_of<'a>(choices: impl Iterator<Item = (&'a str, &'a str)>, chosen: &str) -> String {
    html! {
        (option("", "请选择", chosen.is_empty()))
        @for (code, label) in choices { (option(code, label, code == chosen)) }
    }
    .into_string()
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

    #[test]
    fn nothing_or_one_of_all_is_chosen() {
        let selected = |chosen| {
            let options = options_of([("1", "甲"), ("2", "乙")].into_iter(), chosen);
            let words = options.split("</option>").filter(|option| option.contains(" selected"));
            words.filter_map(|option| option.rsplit('>').next()).collect::<Vec<_>>().join("，")
        };
        assert_eq!([selected(""), selected("2"), selected("3")], ["请选择", "乙", ""]);
    }
}
