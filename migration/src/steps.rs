//! The steps, oldest first. Append only; README.md says how.

use crate::Step;

/// Everything up to the day on which the history was written anew.
pub const SHAPE: &str = "m20261128_0600_shape";

pub const STEPS: &[Step] = &[
    Step {
        name: SHAPE,
        both: &[
            include_str!("m20261128_0600_shape/people.sql"),
            include_str!("m20261128_0600_shape/filings.sql"),
            include_str!("m20261128_0600_shape/desk.sql"),
            include_str!("m20261128_0600_shape/audit.sql"),
        ],
        sqlite: &[],
        postgres: &[include_str!("m20261128_0600_shape/postgres.sql")],
    },
    shared("m20261128_0810_key_check", &[include_str!("m20261128_0810_key_check/both.sql")]),
    shared("m20261128_0820_audit_digests", &[include_str!("m20261128_0820_audit_digests/both.sql")]),
    shared("m20261128_0830_outbox", &[include_str!("m20261128_0830_outbox/both.sql")]),
    shared("m20261128_0840_usage", &[include_str!("m20261128_0840_usage/both.sql")]),
    shared("m20261128_0850_suspension", &[include_str!("m20261128_0850_suspension/both.sql")]),
    shared("m20261128_0860_session_proof", &[include_str!("m20261128_0860_session_proof/both.sql")]),
    shared("m20261128_0870_name_keys", &[include_str!("m20261128_0870_name_keys/both.sql")]),
    shared("m20261129_0610_badge", &[include_str!("m20261129_0610_badge/both.sql")]),
    shared("m20261129_0620_misuse_report", &[include_str!("m20261129_0620_misuse_report/both.sql")]),
    shared("m20261129_0700_notice_kinds", &[include_str!("m20261129_0700_notice_kinds/both.sql")]),
    shared("m20261129_0710_told", &[include_str!("m20261129_0710_told/both.sql")]),
    shared("m20261129_0720_deleted_drafts", &[include_str!("m20261129_0720_deleted_drafts/both.sql")]),
    shared("m20261129_0730_guidance", &[include_str!("m20261129_0730_guidance/both.sql")]),
    Step {
        name: "m20261129_0740_undo",
        both: &[include_str!("m20261129_0740_undo/both.sql")],
        sqlite: &[include_str!("m20261129_0740_undo/sqlite.sql")],
        postgres: &[include_str!("m20261129_0740_undo/postgres.sql")],
    },
    shared("m20261129_0800_person_keys", &[include_str!("m20261129_0800_person_keys/both.sql")]),
    shared("m20261129_0810_staff_pause", &[include_str!("m20261129_0810_staff_pause/both.sql")]),
    shared("m20261129_0910_patrol", &[include_str!("m20261129_0910_patrol/both.sql")]),
    shared("m20261129_1000_talk", &[include_str!("m20261129_1000_talk/both.sql")]),
    shared("m20261129_1010_relation", &[include_str!("m20261129_1010_relation/both.sql")]),
    shared("m20261129_1110_desk", &[include_str!("m20261129_1110_desk/both.sql")]),
    shared("m20261129_1210_second_look", &[include_str!("m20261129_1210_second_look/both.sql")]),
    Step {
        name: "m20261129_1300_load",
        both: &[include_str!("m20261129_1300_load/both.sql")],
        sqlite: &[include_str!("m20261129_1300_load/sqlite.sql")],
        postgres: &[include_str!("m20261129_1300_load/postgres.sql")],
    },
    shared("m20261129_2300_name_suffix", &[include_str!("m20261129_2300_name_suffix/both.sql")]),
    Step {
        name: "m20261130_0100_servers",
        both: &[include_str!("m20261130_0100_servers/both.sql")],
        sqlite: &[],
        postgres: &[include_str!("m20261130_0100_servers/postgres.sql")],
    },
];

/// A step of statements that both databases take.
const fn shared(name: &'static str, both: &'static [&'static str]) -> Step {
    Step { name, both, sqlite: &[], postgres: &[] }
}
