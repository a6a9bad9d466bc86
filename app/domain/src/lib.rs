//! The rules of the platform as values and functions: forms, checks, states, jurisdictions. The
//! browser and the server share them. No input or output, no clock, no page, no database.

pub mod action;
pub mod answer;
pub mod audit_word;
pub mod badge;
pub mod business;
pub mod calendar;
pub mod check;
mod codes;
pub mod device;
pub mod dictionary;
pub mod eligibility;
pub mod facts;
pub mod filing;
pub mod guide;
pub mod help;
pub mod jurisdiction;
pub mod mask;
pub mod misuse;
pub mod notice;
pub mod patrol;
pub mod posted;
pub mod procedure;
pub mod progress;
pub mod proof;
pub mod purpose;
pub mod record;
pub mod relation;
pub mod role;
pub mod route;
#[cfg(any(test, feature = "sample"))]
pub mod sample;
pub mod schema;
pub mod seal;
pub mod second_look;
pub mod sheet;
pub mod sign_off;
pub mod talk;
pub mod value;
pub mod view;
