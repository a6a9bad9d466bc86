//! Provinces, cities and counties by GB/T 2260 code: what the cascade offers and how an address is
//! read. The table is compiled in (`NOTICE` names its origin) and read once. Comparing codes needs
//! no names and lives in `domain::jurisdiction`.

use std::collections::HashMap;
use std::sync::OnceLock;

use domain::check::Regions;
use domain::jurisdiction;
use domain::sheet::RegionNames;
use domain::view::{Hit, RegionOption};
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};

pub(crate) fn region_name(code: &str) -> String {
    full_name(code).unwrap_or_else(|| code.to_owned())
}

/// One row of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Region {
    /// Six digits.
    pub code: &'static str,
    /// Its own name, without those of the regions above it.
    pub name: &'static str,
}

struct Table {
    /// By code, which is also the order within a parent.
    rows: Vec<Region>,
    /// Under each code its children, under the empty code the provinces.
    children: HashMap<&'static str, Vec<Region>>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut rows: Vec<Region> = include_str!("regions.txt")
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(code, name)| Region { code, name })
            .collect();
        rows.sort_by_key(|region| region.code);
        let mut children: HashMap<&'static str, Vec<Region>> = HashMap::new();
        for region in &rows {
            let parent =
                parent_code(region.code).and_then(|code| find(&rows, &code)).map_or("", |row| row.code);
            children.entry(parent).or_default().push(*region);
        }
        Table { rows, children }
    })
}

/// What lies directly below a region; below `None` the provinces. Empty for a leaf and for a code
/// that does not exist. A municipality has one city of its own name below it; in the list some
/// provinces group their counties under rows such as 省直辖县级行政区划.
pub fn children(code: Option<&str>) -> &'static [Region] {
    let code = match code {
        None => "",
        // The empty code is the key of the provinces, not a region.
        Some("") => return &[],
        Some(code) => code,
    };
    table().children.get(code).map_or(&[], Vec::as_slice)
}

/// The options below a region as the cascade takes them; the provinces for the empty code.
pub fn options(parent: &str) -> Vec<RegionOption> {
    let below = children((!parent.is_empty()).then_some(parent));
    below
        .iter()
        .map(|region| RegionOption {
            code: region.code.to_owned(),
            name: region.name.to_owned(),
            is_leaf: is_leaf(region.code),
        })
        .collect()
}

/// What lies in a region by this column, said as the indexes of the levels have it, so that they serve.
pub(crate) fn lies_in(column: &'static str, region: &str) -> SimpleExpr {
    let prefix = jurisdiction::prefix(region);
    match prefix.len() {
        length @ (2 | 4) => Expr::cust(format!("substr({column}, 1, {length})")).eq(prefix),
        _ => Expr::cust(column).eq(region),
    }
}

/// The whole list, as the check of a form asks for it.
pub struct KnownRegions;

impl Regions for KnownRegions {
    fn is_leaf(&self, code: &str) -> Option<bool> {
        Some(is_leaf(code))
    }

    fn exists(&self, code: &str) -> Option<bool> {
        Some(exists(code))
    }
}

impl RegionNames for KnownRegions {
    fn full_name(&self, code: &str) -> Option<String> {
        full_name(code)
    }
}

/// The row of a code.
pub fn region(code: &str) -> Option<&'static Region> {
    find(&table().rows, code)
}

pub fn exists(code: &str) -> bool {
    region(code).is_some()
}

/// Whether an address can stand here: a county, or a city or province without counties (东莞市,
/// 台湾省).
pub fn is_leaf(code: &str) -> bool {
    exists(code) && children(Some(code)).is_empty()
}

/// The regions from the province down to the code itself; empty for a code that does not exist.
pub fn path(code: &str) -> Vec<&'static Region> {
    let mut path = Vec::with_capacity(3);
    let mut next = region(code);
    while let Some(region) = next {
        path.push(region);
        next = parent_code(region.code).and_then(|code| self::region(&code));
    }
    path.reverse();
    path
}

/// The name with those above it, as addresses begin: 北京市东城区. Neither the doubled name of a
/// municipality nor a row that only groups is repeated.
pub fn full_name(code: &str) -> Option<String> {
    let path = path(code);
    let last = path.last()?.code;
    let mut name = String::new();
    let mut above = "";
    for region in path {
        if region.name == above || (is_grouping(region.name) && region.code != last) {
            continue;
        }
        name.push_str(region.name);
        above = region.name;
    }
    Some(name)
}

/// Rows that no place is called by; they only hold the counties without a city.
fn is_grouping(name: &str) -> bool {
    matches!(name, "省直辖县级行政区划" | "自治区直辖县级行政区划" | "县")
}

/// How far from what was typed a name is that has its characters only one by one.
const SPREAD: u8 = 4;

/// Most regions that are offered for what was typed.
const MOST_HITS: usize = 8;

/// Regions by a part of their name, the best first: 东城 finds 北京市东城区, and so does 北京东城. Of those where
/// an address can be, or of every level.
pub fn find_by_name(text: &str, of_every_level: bool) -> Vec<Hit> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).take(30).collect();
    if text.is_empty() {
        return Vec::new();
    }
    let fits = |region: &&Region| is_leaf(region.code) || (of_every_level && !is_grouping(region.name));
    let mut found: Vec<(u8, usize, String, &Region)> = Vec::new();
    for region in table().rows.iter().filter(fits) {
        let Some(name) = full_name(region.code) else { continue };
        let rank = match () {
            () if region.name == text || name == text => 0,
            () if region.name.starts_with(&text) => 1,
            () if region.name.contains(&text) => 2,
            () if name.contains(&text) => 3,
            () if is_spread_over(&text, &name) => SPREAD,
            () => continue,
        };
        // A municipality and its only city are called alike.
        if !found.iter().any(|(_, _, known, _)| *known == name) {
            found.push((rank, name.chars().count(), name, region));
        }
    }
    // Characters with others between them only count where nothing has them together.
    let best = found.iter().map(|(rank, ..)| *rank).min().unwrap_or_default();
    found.retain(|(rank, ..)| *rank < SPREAD || best == SPREAD);
    // Shorter names are nearer to what was typed; among equals the list's own order.
    found.sort_by_key(|(rank, length, _, _)| (*rank, *length));
    let hit = |(_, _, name, region): (u8, usize, String, &Region)| Hit {
        region: region.code.to_owned(),
        name,
        ..Hit::default()
    };
    found.into_iter().take(MOST_HITS).map(hit).collect()
}

/// The code of the region that somebody typed the name of; nothing for nothing.
///
/// # Errors
/// The sentence where there is none of that name, or several.
pub fn named(typed: &str) -> std::result::Result<String, String> {
    if typed.is_empty() {
        return Ok(String::new());
    }
    let hits = find_by_name(typed, true);
    if let [one] = hits.as_slice() {
        return Ok(one.region.clone());
    }
    // 黄浦区 is one, though 黄浦区 is a part of longer names too.
    let mut exact = hits.iter().filter(|hit| hit.name == typed || hit.name.ends_with(typed));
    if let (Some(one), None) = (exact.next(), exact.next()) {
        return Ok(one.region.clone());
    }
    let names: Vec<String> = hits.into_iter().take(5).map(|hit| hit.name).collect();
    Err(match names.is_empty() {
        true => "没有找到这个地区，请核对或从列表中选择".to_owned(),
        false => format!("有多个这样的地区，请写完整，如：{}", names.join("、")),
    })
}

/// The full names of all regions that somebody can be appointed for, to choose from while typing.
pub fn names() -> &'static [String] {
    static NAMES: OnceLock<Vec<String>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let rows = table().rows.iter().filter(|region| !is_grouping(region.name));
        let mut names: Vec<String> = rows.filter_map(|region| full_name(region.code)).collect();
        // A municipality and its only city are called alike.
        names.dedup();
        names
    })
}

/// Where a region leads as long as there is one way: 北京市 to its only city.
pub fn only_way_down(code: &str) -> Option<&'static str> {
    let mut down = None;
    while let [only] = children(Some(down.unwrap_or(code))) {
        down = Some(only.code);
    }
    down
}

/// Whether the characters of a text stand in another in their order.
fn is_spread_over(text: &str, name: &str) -> bool {
    let mut rest = name.chars();
    text.chars().all(|wanted| rest.any(|c| c == wanted))
}

/// The code of the level above, whether or not it exists; `None` for a province.
fn parent_code(code: &str) -> Option<String> {
    let own = jurisdiction::prefix(code);
    let above = own.get(..own.len().checked_sub(2)?)?;
    (!above.is_empty()).then(|| format!("{above:0<6}"))
}

fn find<'a>(rows: &'a [Region], code: &str) -> Option<&'a Region> {
    rows.binary_search_by_key(&code, |region| region.code).ok().and_then(|at| rows.get(at))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use std::collections::HashSet;

    use super::*;

    fn names(code: Option<&str>) -> Vec<&'static str> {
        children(code).iter().map(|region| region.name).collect()
    }

    #[test]
    fn the_whole_list_is_read() {
        let rows = &table().rows;
        assert_eq!(rows.len(), 3225);
        assert_eq!(rows.len(), include_str!("regions.txt").lines().count());
        let codes: HashSet<&str> = rows.iter().map(|region| region.code).collect();
        assert_eq!(codes.len(), rows.len());
        for region in rows {
            assert!(region.code.len() == 6 && region.code.bytes().all(|b| b.is_ascii_digit()), "{region:?}");
            assert!(!region.name.is_empty() && region.name == region.name.trim(), "{region:?}");
            assert!(!jurisdiction::province_sign(region.code).is_empty(), "{region:?}");
        }
        for new in ["653228", "653229", "659012", "540481", "540581"] {
            assert!(is_leaf(new), "{new}");
        }
    }

    #[test]
    fn every_region_is_reached_from_the_provinces() {
        fn count(code: Option<&str>) -> usize {
            children(code).iter().map(|region| 1 + count(Some(region.code))).sum()
        }
        assert_eq!(children(None).len(), 34);
        assert_eq!(count(None), 3225);
        assert!(table().rows.iter().all(|region| path(region.code).len() <= 3));
    }

    #[test]
    fn what_lies_below_a_region_is_covered_by_it() {
        for region in &table().rows {
            for above in path(region.code) {
                assert!(jurisdiction::covers(above.code, region.code), "{above:?} {region:?}");
            }
        }
    }

    #[test]
    fn a_municipality_has_one_city_of_its_own_name() {
        for (code, name) in [("110000", "北京市"), ("120000", "天津市"), ("310000", "上海市")] {
            assert_eq!(names(Some(code)), [name]);
        }
        assert_eq!(names(Some("500000")), ["重庆市", "县"]);
        assert!(names(Some("110100")).contains(&"东城区"));
    }

    #[test]
    fn cities_without_districts_and_regions_without_cities_are_leaves() {
        for code in ["441900", "442000", "460400", "620200", "710000", "810000", "820000", "110101", "419001"]
        {
            assert!(is_leaf(code), "{code}");
        }
        for code in
            ["110000", "110100", "440000", "440100", "419000", "000000", "999999", "", "11", "1101010"]
        {
            assert!(!is_leaf(code), "{code}");
        }
    }

    #[test]
    fn the_cascade_is_told_where_it_ends() {
        let provinces = options("");
        assert_eq!(provinces.len(), 34);
        assert!(provinces.iter().any(|option| option.code == "710000" && option.is_leaf));
        assert!(provinces.iter().any(|option| option.code == "110000" && !option.is_leaf));
        assert!(options("110100").iter().all(|option| option.is_leaf));
        assert!(options("999999").is_empty());
        assert_eq!(KnownRegions.is_leaf("110101"), Some(true));
        assert_eq!(KnownRegions.is_leaf("110100"), Some(false));
    }

    #[test]
    fn a_full_name_repeats_nothing() {
        for (code, name) in [
            ("110000", "北京市"),
            ("110100", "北京市"),
            ("110101", "北京市东城区"),
            ("440106", "广东省广州市天河区"),
            ("441900", "广东省东莞市"),
            ("419001", "河南省济源市"),
            ("500229", "重庆市城口县"),
            ("500200", "重庆市县"),
            ("710000", "台湾省"),
        ] {
            assert_eq!(full_name(code).as_deref(), Some(name), "{code}");
        }
        assert_eq!(full_name("999999"), None);
        assert_eq!(full_name(""), None);
    }

    #[test]
    fn a_region_is_found_by_a_part_of_its_name() {
        let first = |text: &str, every: bool| find_by_name(text, every).first().map(|hit| hit.name.clone());
        for (text, name) in [
            ("东城", "北京市东城区"),
            ("北京东城", "北京市东城区"),
            ("北京市东城区", "北京市东城区"),
            (" 天 河 ", "广东省广州市天河区"),
            ("东莞", "广东省东莞市"),
            ("济源", "河南省济源市"),
            ("台湾", "台湾省"),
        ] {
            assert_eq!(first(text, false).as_deref(), Some(name), "{text}");
        }
        assert_eq!(first("杭州", true).as_deref(), Some("浙江省杭州市"));
        assert!(
            find_by_name("杭州", false).iter().all(|hit| is_leaf(&hit.region)),
            "an address stands in a county"
        );
        for none in ["", "  ", "没有这里", "%", "_"] {
            assert!(find_by_name(none, true).is_empty(), "{none}");
        }
        assert_eq!(find_by_name("区", false).len(), MOST_HITS);
        assert_eq!(find_by_name("北京市", true).iter().filter(|hit| hit.name == "北京市").count(), 1);
        let hits = find_by_name("东城", false);
        assert_eq!(hits[0].region, "110101");
        assert!(hits.iter().all(|hit| hit.name.contains("东城")), "{hits:?}");
    }

    #[test]
    fn where_there_is_one_way_down_it_is_taken() {
        for (code, below) in
            [("110000", Some("110100")), ("310000", Some("310100")), ("120000", Some("120100"))]
        {
            assert_eq!(only_way_down(code), below);
        }
        for open in ["500000", "330000", "110100", "110101", "710000", "", "999999"] {
            assert_eq!(only_way_down(open), None, "{open}");
        }
    }

    #[test]
    fn every_leaf_is_found_by_its_whole_name() {
        for region in table().rows.iter().filter(|region| is_leaf(region.code)) {
            let name = full_name(region.code).unwrap();
            assert!(find_by_name(&name, false).iter().any(|hit| hit.name == name), "{name}");
        }
    }

    #[test]
    fn a_path_goes_from_the_province_down() {
        let codes = |code| path(code).iter().map(|region| region.code).collect::<Vec<_>>();
        assert_eq!(codes("110101"), ["110000", "110100", "110101"]);
        assert_eq!(codes("441900"), ["440000", "441900"]);
        assert_eq!(codes("810000"), ["810000"]);
        assert!(codes("110199").is_empty());
        assert!(children(Some("")).is_empty());
        assert!(children(Some("110199")).is_empty());
    }
}
