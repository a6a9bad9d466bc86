//! What administrators of the system keep: directories of providers (R31), ready reasons, holidays.

use serde::{Deserialize, Serialize};

use super::page::Paged;
use super::region::RegionOption;
use crate::schema::Directory;

/// A search in the directory that fills a block (R31).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderSearch {
    /// The block to be filled: `isp`.
    pub section: String,
    /// A part of the name, or of what the provider is called otherwise.
    pub name: String,
    /// Code of a province or of a foreign country.
    pub area: String,
    pub after: String,
    /// Whether the person asked; a dialog just opened shows no results yet.
    pub is_asked: bool,
}

/// The dialog of a directory: what was asked and what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finder {
    pub directory: Directory,
    pub search: ProviderSearch,
    pub provinces: Vec<RegionOption>,
    pub fault: Option<String>,
    pub page: Paged<ProviderRow>,
    /// Nothing was found in the area; the page shows what there is elsewhere.
    pub is_elsewhere: bool,
}

/// A provider in a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderRow {
    pub id: String,
    pub directory: Directory,
    pub name: String,
    /// What it is called otherwise, separated by blanks.
    pub aliases: String,
    /// Its region or country in words.
    pub place: String,
    /// Code of its region or country.
    pub place_code: String,
    pub phone: String,
    pub source: ProviderSource,
}

/// Where a row of a directory comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderSource {
    /// Came with the software, to be verified by the operator.
    Seed,
    /// Entered or confirmed by an administrator.
    Kept,
    /// An approved filing of 服务商; changes with it.
    Filing,
    /// Typed by an applicant; not offered until an administrator decides.
    Typed,
    /// Decided against; not offered and not asked about again.
    Dropped,
}

crate::codes! {
    ProviderSource {
        Typed = "typed",
        Seed = "seed",
        Kept = "kept",
        Filing = "filing",
        Dropped = "dropped",
    }
}

impl ProviderSource {
    pub fn label(self) -> &'static str {
        match self {
            ProviderSource::Seed => "随软件提供",
            ProviderSource::Kept => "人工收录",
            ProviderSource::Filing => "来自备案",
            ProviderSource::Typed => "待整理",
            ProviderSource::Dropped => "不收录",
        }
    }
}

/// A list of the directories, for whoever keeps them; empty parts mean any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DirectoryRequest {
    /// Code of a [`ProviderSource`]; those to be decided about where empty.
    pub source: String,
    pub name: String,
    pub after: String,
}

/// A reason that comes up again and again, as officers pick it (`domain.md` 2.8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonRow {
    pub id: String,
    pub title: String,
    /// What the applicant reads.
    pub text: String,
}

/// A day that is not as its weekday says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolidayRow {
    pub day: String,
    pub is_working: bool,
    pub name: String,
    /// It stands in the configuration and cannot be taken away on the page.
    pub is_configured: bool,
}

/// What a list of holidays would do, line by line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolidayImport {
    /// As it was pasted or sent.
    pub text: String,
    pub lines: Vec<ImportLine>,
}

/// A line of a list of holidays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportLine {
    /// In the text, from 1.
    pub number: usize,
    /// The day; the whole line where it could not be read.
    pub day: String,
    pub kind: String,
    pub name: String,
    pub outcome: ImportOutcome,
}

/// What would become of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportOutcome {
    Added,
    /// With what stands there now.
    Changed(String),
    Same,
    /// With what is wrong.
    Wrong(String),
}
