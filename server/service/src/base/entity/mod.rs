//! The tables as SeaORM sees them. Private to this crate: a row never leaves it.

pub mod audit;
pub mod badge_check;
pub mod counter;
pub mod desk_batch;
pub mod desk_batch_filing;
pub mod desk_event;
pub mod desk_setting;
pub mod desk_visit;
pub mod draft;
pub mod filing;
pub mod filing_event;
pub mod filing_message;
pub mod filing_round;
pub mod handover;
pub mod held_form;
pub mod holiday;
pub mod identity_check;
pub mod job;
pub mod key_check;
pub mod live_domain;
pub mod mail_address;
pub mod misuse_report;
pub mod name_suffix;
pub mod network_check;
pub mod network_use;
pub mod notice;
pub mod notice_choice;
pub mod open_page;
pub mod outbox;
pub mod patrol_finding;
pub mod patrol_host;
pub mod patrol_look;
pub mod person;
pub mod provider;
pub mod reason;
pub mod record;
pub mod relation_check;
pub mod relation_key;
pub mod saved_view;
pub mod second_look;
pub mod server_node;
pub mod session;
pub mod sms_code;
pub mod staff;
pub mod tally;
pub mod tally_change;
pub mod undoable_act;
pub mod upload;
pub mod upload_use;
pub mod usage;

use sea_orm::EntityTrait;

/// An entity whose rows never change without a line in the audit log.
pub(crate) trait Audited: EntityTrait {
    /// Columns that change without one.
    const UNAUDITED: &'static [Self::Column];
}
