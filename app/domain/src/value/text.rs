//! Plain text: cleaning what keyboards, spreadsheets, chats and web pages leave in it, its length, and
//! the form in which names are compared. Lengths are counted in characters, never in bytes.
//!
//! [`tidy`] is the one cleaning that every text from outside passes first, be it kept in a draft, filed,
//! searched for or compared. It refuses nothing; what nobody can read is refused by [`clean_line`] and
//! [`clean_text`], when the text is filed. The tables behind it are the server's (cargo feature `full`):
//!
//! | | browser | `full` |
//! |---|---|---|
//! | unseen characters | taken out | taken out |
//! | radicals, compatibility ideographs, accents apart | left to the server | the unified characters (NFC) |
//! | no character at all | private use, noncharacters, U+FFFD | and unassigned code points |

/// A text without what nobody sees: controls, direction marks, zero-width characters, variation
/// selectors. Line ends of every kind become `\n` or stay; radicals become the characters they look
/// like (⽅ U+2F45 is 方), since that is what comes out of a PDF.
pub fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        let c = match c {
            '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
            '\n' | '\r' | '\t' => c,
            // Persian and the scripts of India are written with joiners, pictures are joined by them.
            '\u{200c}' | '\u{200d}' if takes_joiner(before) => c,
            c if c.is_control() || is_unseen(c) => continue,
            c => c,
        };
        tidy.push(c);
        before = c;
    }
    unified(tidy)
}

fn takes_joiner(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{109f}' | '\u{1780}'..='\u{18af}' | '\u{1b00}'..='\u{1c4f}'
        | '\u{2190}'..='\u{27bf}' | '\u{a800}'..='\u{abff}' | '\u{1f000}'..='\u{1faff}')
}

fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether there are radicals (⽅ U+2F45) where characters (方) are meant.
pub fn has_radicals(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{2e80}'..='\u{2fdf}'))
}

#[cfg(not(feature = "full"))]
fn unified(text: String) -> String {
    text
}

#[cfg(feature = "full")]
fn unified(text: String) -> String {
    if text.is_ascii() {
        return text;
    }
    let unified: String = text.chars().map(full::without_radical).collect();
    icu_normalizer::ComposingNormalizerBorrowed::new_nfc().normalize(&unified).into_owned()
}

/// How names are held against each other and searched: [`tidy`], half-width, without regard to case,
/// blanks, accents apart and the many dashes, dots and quotes. Never shown to anybody.
#[cfg(feature = "full")]
pub fn comparison_key(text: &str) -> String {
    let mut key = folded(&tidy(text));
    // What stands side by side now may compose anew: a letter and its accent with a blank gone from between, a small
    // letter. Twice is enough for all that was found; nobody's text shall keep us longer than this.
    for _ in 0..8 {
        let again = folded(&key);
        if again == key {
            break;
        }
        key = again;
    }
    key
}

#[cfg(feature = "full")]
fn folded(text: &str) -> String {
    icu_normalizer::ComposingNormalizerBorrowed::new_nfkc()
        .normalize(text)
        .chars()
        .flat_map(char::to_lowercase)
        .map(one_sign)
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{200c}' | '\u{200d}'))
        .collect()
}

#[cfg(feature = "full")]
fn one_sign(c: char) -> char {
    match c {
        '·' | '•' | '・' | '‧' | '∙' | '⋅' | '●' | '᛫' => '·',
        '’' | '‘' | 'ʼ' | '`' | '´' => '\'',
        '“' | '”' => '"',
        '〔' | '【' | '［' => '[',
        '〕' | '】' | '］' => ']',
        other if is_dash(other) => '-',
        other => other,
    }
}

/// What the browser leaves to the server.
#[cfg(feature = "full")]
mod full {
    use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

    /// U+2E80 to U+2EF3 and U+2F00 to U+2FD5 by `EquivalentUnifiedIdeograph.txt` of Unicode 15.0, save
    /// ⼾, which fonts of the mainland draw as 户.
    const SUPPLEMENT: &str = "⺀厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑𫜹忄心扌攵⺚旡日月歺母民氵氺灬爫爫丬牛犭王𤴔目示礻𥫗糹\
        纟罓罒㓁冗𦉫羊𦍌𦍋耂肀聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅長镸长门𨸏阝雨青韦页风飞食𩙿飠\
        饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟";
    const KANGXI: &str = "一丨丶丿乙亅二亠人儿入八冂冖冫几凵刀力勹匕匚匸十卜卩厂厶又口囗土士夂夊夕大女子宀寸小尢尸屮山巛工\
        己巾干幺广廴廾弋弓彐彡彳心戈户手支攴文斗斤方无日曰月木欠止歹殳毋比毛氏气水火爪父爻爿片牙牛犬玄玉\
        瓜瓦甘生用田疋疒癶白皮皿目矛矢石示禸禾穴立竹米糸缶网羊羽老而耒耳聿肉臣自至臼舌舛舟艮色艸虍虫血行\
        衣襾見角言谷豆豕豸貝赤走足身車辛辰辵邑酉釆里金長門阜隶隹雨靑非面革韋韭音頁風飛食首香馬骨高髟鬥鬯\
        鬲鬼魚鳥鹵鹿麥麻黃黍黑黹黽鼎鼓鼠鼻齊齒龍龜龠";

    pub fn without_radical(c: char) -> char {
        let (first, table) = match c {
            '\u{2e80}'..='\u{2ef3}' => ('\u{2e80}', SUPPLEMENT),
            '\u{2f00}'..='\u{2fd5}' => ('\u{2f00}', KANGXI),
            _ => return c,
        };
        table.chars().nth((c as usize) - (first as usize)).unwrap_or(c)
    }

    /// Planes 2 and 3 are set aside for Han: what is encoded there after this was compiled is somebody's
    /// name already.
    pub fn is_unassigned(c: char) -> bool {
        !matches!(c, '\u{20000}'..='\u{3fffd}') && c.general_category() == GeneralCategory::Unassigned
    }
}

/// Whether a character stands for nothing that others could read: of private use, no character, or
/// what a broken conversion leaves.
fn is_unreadable(c: char) -> bool {
    #[cfg(feature = "full")]
    if full::is_unassigned(c) {
        return true;
    }
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fffd}' | '\u{f0000}'..)
        || c as u32 & 0xfffe == 0xfffe
}

/// One line of text: [`tidy`], outer blanks gone, tabs and blanks of other widths as blanks.
pub fn clean_line(text: &str) -> Result<String, &'static str> {
    let line = tidy(text).replace('\t', " ");
    let line = line.trim();
    if line.contains(['\n', '\r']) {
        return Err("这里只能填写一行，请删除换行");
    }
    readable(line.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect())
}

/// Several lines of text: [`tidy`], line ends as `\n`, no blanks at line ends, no empty lines around it.
/// Ideographic blanks stay, since paragraphs begin with them.
pub fn clean_text(text: &str) -> Result<String, &'static str> {
    let blank = |c: char| if c.is_whitespace() && !matches!(c, '\n' | '\u{3000}') { ' ' } else { c };
    let text: String = tidy(text).replace("\r\n", "\n").replace('\r', "\n").chars().map(blank).collect();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let text = lines.join("\n");
    readable(text.trim_matches('\n').trim_end().to_owned())
}

fn readable(text: String) -> Result<String, &'static str> {
    if text.chars().any(is_unreadable) {
        return Err("其中有无法识别的自造字或乱码，请改用标准汉字或证件上的写法");
    }
    Ok(text)
}

/// [`clean_line`] with a length.
pub fn check_line(text: &str, min: usize, max: usize) -> Result<String, String> {
    let line = clean_line(text)?;
    length_fault(&line, min, max).map_or(Ok(line), Err)
}

/// [`clean_text`] with a length.
pub fn check_text(text: &str, min: usize, max: usize) -> Result<String, String> {
    let text = clean_text(text)?;
    length_fault(&text, min, max).map_or(Ok(text), Err)
}

/// The sentence for a text that is too short or too long, with its present length.
pub fn length_fault(text: &str, min: usize, max: usize) -> Option<String> {
    let length = text.chars().count();
    if (min..=max).contains(&length) {
        return None;
    }
    let wanted = if min == max {
        format!("请填写 {min} 个字")
    } else if min <= 1 {
        format!("请填写不超过 {max} 个字")
    } else {
        format!("请填写 {min} 至 {max} 个字")
    };
    Some(if length == 0 { wanted } else { format!("{wanted}，现在是 {length} 个字") })
}

/// Full-width letters, digits and signs (`Ａ１：`) as their ASCII twins, the ideographic blank as
/// a blank: what a Chinese input method leaves in numbers and codes.
pub fn half_width(text: &str) -> String {
    text.chars().map(half_width_char).collect()
}

pub(super) fn half_width_char(c: char) -> char {
    match c {
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        other => other,
    }
}

/// A number or code as it is compared: [`tidy`], half-width, without blanks.
pub fn compact(text: &str) -> String {
    tidy(&half_width(text))
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{200c}' | '\u{200d}'))
        .collect()
}

/// [`compact`], in capitals, every dash that input methods know as `-`.
pub fn compact_code(text: &str) -> String {
    compact(text).chars().map(|c| if is_dash(c) { '-' } else { c.to_ascii_uppercase() }).collect()
}

pub(super) fn is_dash(c: char) -> bool {
    matches!(c, '-' | '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '﹣' | '－')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_loses_outer_blanks_and_invisible_characters() {
        assert_eq!(clean_line("  示例\u{200b}科技\u{feff}\t\n").unwrap(), "示例科技");
        assert_eq!(clean_line("示例（北京）\t有限公司").unwrap(), "示例（北京） 有限公司");
    }

    #[test]
    fn a_line_with_a_line_end_is_refused() {
        for end in ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'] {
            assert!(clean_line(&format!("甲{end}乙")).unwrap_err().contains("换行"), "{end:?}");
        }
    }

    /// Case V5, B11.
    #[test]
    fn what_nobody_sees_is_taken_out() {
        let unseen = "\0\u{1}\u{7}\u{8}\u{1b}\u{7f}\u{80}\u{9f}\u{ad}\u{34f}\u{61c}\u{180e}\u{200b}\u{200c}\u{200d}\
            \u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2060}\u{2064}\u{2066}\u{2067}\u{2068}\
            \u{2069}\u{206f}\u{fe0f}\u{feff}\u{fff9}\u{fffb}\u{e0001}\u{e0061}\u{e0100}";
        for c in unseen.chars() {
            let text = format!("{c}甲{c}1{c}");
            assert_eq!(tidy(&text), "甲1", "{c:?}");
            assert_eq!(clean_line(&text).as_deref(), Ok("甲1"), "{c:?}");
            assert_eq!(clean_text(&text).as_deref(), Ok("甲1"), "{c:?}");
            assert_eq!(compact(&text), "甲1", "{c:?}");
        }
        assert_eq!(tidy("می\u{200c}خواهم"), "می\u{200c}خواهم", "Persian is written with it");
        assert_eq!(tidy("👩\u{200d}💻"), "👩\u{200d}💻");
    }

    /// Case V8.
    #[test]
    fn blanks_of_other_widths_are_blanks() {
        let odd = "\t\u{a0}\u{1680}\u{2000}\u{2002}\u{2003}\u{2005}\u{2009}\u{200a}\u{202f}\u{205f}\u{3000}";
        for c in odd.chars() {
            assert_eq!(clean_line(&format!("{c}甲{c}乙{c}")).as_deref(), Ok("甲 乙"), "{c:?}");
            assert_eq!(compact(&format!("{c}1{c}2{c}")), "12", "{c:?}");
        }
        assert_eq!(clean_text("\u{3000}\u{3000}甲\u{2003}乙").as_deref(), Ok("\u{3000}\u{3000}甲 乙"));
    }

    /// Case V4.
    #[test]
    fn what_stands_for_nothing_is_refused_in_every_text() {
        for c in [
            '\u{e000}',
            '\u{f8ff}',
            '\u{fffd}',
            '\u{fdd0}',
            '\u{fffe}',
            '\u{2ffff}',
            '\u{f0000}',
            '\u{10fffd}',
        ] {
            assert!(clean_line(&format!("甲{c}")).unwrap_err().contains("自造字"), "{c:?}");
            assert!(clean_text(&format!("甲\n{c}")).unwrap_err().contains("自造字"), "{c:?}");
        }
        #[cfg(feature = "full")]
        assert!(clean_line("甲\u{378}").unwrap_err().contains("自造字"), "unassigned");
        assert!(clean_line("\u{323b0}\u{3fffd}").is_ok(), "set aside for Han");
    }

    #[cfg(feature = "full")]
    mod with_the_tables {
        use super::*;

        /// Case V3.
        #[test]
        fn radicals_become_the_characters_they_look_like() {
            for (text, expect) in [
                ("⽅⼩明", "方小明"),
                ("北京⽅⼤科技有限公司", "北京方大科技有限公司"),
                ("⽤⼾", "用户"),
                ("⻘⻚⻅⻋⻓⻔⻢⻥⻰", "青页见车长门马鱼龙"),
                ("\u{f92c}\u{fa0c}\u{2f800}", "郎兀丽"),
                ("\u{fa11}\u{fa0e}", "\u{fa11}\u{fa0e}"),
                ("Jose\u{301}", "José"),
            ] {
                assert_eq!(clean_line(text).as_deref(), Ok(expect), "{text}");
                assert_eq!(tidy(text), expect, "{text}");
            }
            let radicals = ('\u{2e80}'..='\u{2ef3}').chain('\u{2f00}'..='\u{2fd5}');
            let unmapped: Vec<char> = radicals.filter(|c| tidy(&c.to_string()) == c.to_string()).collect();
            assert_eq!(unmapped, ['\u{2e80}', '\u{2e9a}'], "a stroke without a character, and none at all");
        }

        #[test]
        fn names_that_read_alike_have_one_key() {
            for (one, other) in [
                ("ABC网站", "abc 网站"),
                ("ＡＢＣ网站", "abc网站"),
                ("北京（示例）科技", "北京(示例)科技"),
                ("⽅⼩明", "方小明"),
                ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
                ("某某\u{200b}公司\u{202c}", "\0某某公司"),
                ("Ünal", "u\u{308}NAL"),
                ("O’Neil—Smith", "o'neil-smith"),
                ("《示例》〔2026〕", "《示例》[2026]"),
                ("北京\u{3000}示例", "北京示例"),
                // Found by the search below: the accent that stands alone comes apart into a blank and itself.
                ("H¨", "\u{1e27}"),
            ] {
                assert_eq!(comparison_key(one), comparison_key(other), "{one}");
            }
            assert_ne!(comparison_key("甲"), comparison_key("乙"));
            assert_eq!(comparison_key(" \0\u{feff} "), "");
        }

        proptest! {
            #[test]
            fn a_key_is_its_own_key(text in any::<String>()) {
                let key = comparison_key(&text);
                prop_assert_eq!(comparison_key(&key), key);
            }
        }
    }

    #[test]
    fn several_lines_keep_their_line_ends_and_their_indent() {
        assert_eq!(clean_text("\r\n  一、甲  \r\n\r\n二、乙\r\n").unwrap(), "  一、甲\n\n二、乙");
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert_eq!(check_line("示例", 2, 4).unwrap(), "示例");
        assert_eq!(check_line("𠮷𠮷𠮷𠮷", 2, 4).unwrap(), "𠮷𠮷𠮷𠮷");
        assert_eq!(check_line("示", 2, 100).unwrap_err(), "请填写 2 至 100 个字，现在是 1 个字");
        assert_eq!(check_line("", 2, 100).unwrap_err(), "请填写 2 至 100 个字");
        assert_eq!(check_line("示例示例示", 0, 4).unwrap_err(), "请填写不超过 4 个字，现在是 5 个字");
        assert_eq!(check_text("示\n例", 4, 4).unwrap_err(), "请填写 4 个字，现在是 3 个字");
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in any::<String>()) {
            if let Ok(once) = clean_line(&text) {
                prop_assert_eq!(clean_line(&once), Ok(once.clone()));
            }
            if let Ok(once) = clean_text(&text) {
                prop_assert_eq!(clean_text(&once), Ok(once.clone()));
            }
            prop_assert_eq!(tidy(&tidy(&text)), tidy(&text));
            prop_assert_eq!(compact_code(&compact_code(&text)), compact_code(&text));
        }
    }
}
