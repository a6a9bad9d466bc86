//! Markup as text, for long lists that never hydrate: `view!` makes an object of every element, text and attribute, which
//! a page with fifty rows has thousands of. Only what stands in the program is taken as it is; all else is escaped.

/// Markup that grows by what is put to it.
#[derive(Debug, Default)]
pub struct Markup(String);

impl Markup {
    /// Markup of the program's own.
    pub fn fixed(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text between tags.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.escaped(text)
    }

    /// An attribute of the tag that `fixed` has begun; `name` is ` name=`.
    pub fn attr(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.0.push_str(name);
        self.0.push('"');
        self.escaped(value);
        self.0.push('"');
        self
    }

    /// A choice of a drop-down.
    pub fn option(&mut self, code: &str, label: &str, is_chosen: bool) -> &mut Self {
        self.fixed("<option").attr(" value=", code).fixed(if is_chosen { " selected>" } else { ">" });
        self.text(label).fixed("</option>")
    }

    fn escaped(&mut self, text: &str) -> &mut Self {
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'&' | b'<' | b'>' | b'"')) {
            let (plain, special) = rest.split_at(at);
            self.0.push_str(plain);
            self.0.push_str(match special.as_bytes().first() {
                Some(b'&') => "&amp;",
                Some(b'<') => "&lt;",
                Some(b'>') => "&gt;",
                _ => "&quot;",
            });
            rest = special.get(1..).unwrap_or_default();
        }
        self.0.push_str(rest);
        self
    }
}

impl From<Markup> for String {
    fn from(markup: Markup) -> Self {
        markup.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_ends_no_text_and_no_attribute() {
        let mut markup = Markup::default();
        let written = "晨光\"><script>&amp;' ";
        markup.fixed("<td").attr(" title=", written).fixed(">").text(written).fixed("</td>");
        let escaped = "晨光&quot;&gt;&lt;script&gt;&amp;amp;' ";
        assert_eq!(String::from(markup), format!("<td title=\"{escaped}\">{escaped}</td>"));
        for text in ["", "&", "\"\"", "无"] {
            let mut markup = Markup::default();
            markup.text(text).text(text);
            let shown = String::from(markup).replace("&quot;", "\"").replace("&amp;", "&");
            assert_eq!(shown, text.repeat(2));
        }
    }
}
