//! How much one person may do.

use time::Duration;

/// The most of each that one person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PersonLimits {
    pub filings_per_hour: u32,
    pub filings_per_day: u32,
    pub saves_per_minute: u32,
    /// Drafts at the same time.
    pub drafts: u32,
    /// Searches while one types: providers.
    pub lookups_per_minute: u32,
    /// Questions to the resolver of the server.
    pub resolutions_per_hour: u32,
    /// Looks of a person at their own values.
    pub reveals_per_hour: u32,
    pub unmaskings_per_hour: u32,
    /// Codes to e-mail addresses that a person names.
    pub mail_codes_per_day: u32,
    /// At so many within an hour the auditors are told.
    pub unmaskings_told: u32,
    /// Looks for the badge of a record, each of which fetches pages.
    pub badge_checks_per_hour: u32,
    /// Questions of an officer, answers of an applicant (补充说明).
    pub messages_per_hour: u32,
    /// Reports of misuse from one network address.
    pub reports_per_day: u32,
    /// Open streams of events, per server.
    pub event_streams: u32,
}

impl Default for PersonLimits {
    fn default() -> Self {
        Self {
            filings_per_hour: 60,
            filings_per_day: 200,
            saves_per_minute: 120,
            drafts: 200,
            lookups_per_minute: 120,
            resolutions_per_hour: 60,
            reveals_per_hour: 60,
            unmaskings_per_hour: 120,
            mail_codes_per_day: 10,
            unmaskings_told: 50,
            badge_checks_per_hour: 12,
            messages_per_hour: 60,
            reports_per_day: 5,
            event_streams: 10,
        }
    }
}

impl PersonLimits {
    /// For development, where one sample person is all of the tests.
    pub const GENEROUS: Self = Self {
        filings_per_hour: 100_000,
        filings_per_day: 100_000,
        saves_per_minute: 100_000,
        drafts: 10_000,
        lookups_per_minute: 100_000,
        resolutions_per_hour: 100_000,
        reveals_per_hour: 100_000,
        unmaskings_per_hour: 100_000,
        mail_codes_per_day: 100_000,
        unmaskings_told: 50,
        badge_checks_per_hour: 100_000,
        messages_per_hour: 100_000,
        reports_per_day: 100_000,
        event_streams: 100,
    };

    /// Whether nothing is forbidden altogether.
    pub fn allow_something(&self) -> bool {
        ![
            self.filings_per_hour,
            self.filings_per_day,
            self.saves_per_minute,
            self.drafts,
            self.lookups_per_minute,
            self.resolutions_per_hour,
            self.reveals_per_hour,
            self.unmaskings_per_hour,
            self.mail_codes_per_day,
            self.unmaskings_told,
            self.badge_checks_per_hour,
            self.messages_per_hour,
            self.reports_per_day,
            self.event_streams,
        ]
        .contains(&0)
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Filing,
    Save,
    LookUp,
    Resolution,
    Reveal,
    Unmasking,
    BadgeCheck,
    MailCode,
    Message,
}

impl Use {
    /// Name, window and most of each count.
    pub(crate) fn windows(self, limits: &PersonLimits) -> Vec<(&'static str, Duration, u32)> {
        match self {
            Use::Filing => vec![
                ("filing/hour", Duration::hours(1), limits.filings_per_hour),
                ("filing/day", Duration::days(1), limits.filings_per_day),
            ],
            Use::Save => vec![("save/minute", Duration::minutes(1), limits.saves_per_minute)],
            Use::BadgeCheck => vec![("badge/hour", Duration::hours(1), limits.badge_checks_per_hour)],
            Use::Message => vec![("message/hour", Duration::hours(1), limits.messages_per_hour)],
            Use::LookUp => vec![("lookup/minute", Duration::minutes(1), limits.lookups_per_minute)],
            Use::Resolution => vec![("resolution/hour", Duration::hours(1), limits.resolutions_per_hour)],
            Use::Reveal => vec![("reveal/hour", Duration::hours(1), limits.reveals_per_hour)],
            Use::MailCode => vec![("mail_code/day", Duration::days(1), limits.mail_codes_per_day)],
            Use::Unmasking => vec![("unmasking/hour", Duration::hours(1), limits.unmaskings_per_hour)],
        }
    }
}
