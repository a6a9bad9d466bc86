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
    Step {
        name: "m20261128_0805_audit_row_digests",
        both: &[include_str!("m20261128_0805_audit_row_digests/both.sql")],
        sqlite: &[],
        postgres: &[],
    },
];
