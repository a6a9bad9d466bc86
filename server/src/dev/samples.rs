//! The sample people of development.

use domain::role::StaffRole;
use service::sample::SampleOfficer;

/// What a sample person is on the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleRole {
    Applicant,
    /// With the code of the region whose filings the person reviews.
    Reviewer {
        region: &'static str,
    },
    Administrator,
    Keeper,
    Auditor,
}

/// An invented person everybody may sign in as in development.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub name: &'static str,
    pub mobile: &'static str,
    pub id_number: &'static str,
    pub role: SampleRole,
}

pub const SAMPLES: [Sample; 8] = [
    sample("申请人甲", "13800000001", "110101190001010014", SampleRole::Applicant),
    sample("申请人乙", "13800000002", "110101190001020028", SampleRole::Applicant),
    sample("申请人丙", "13800000003", "310101190001030039", SampleRole::Applicant),
    sample("审核员东城", "13800000101", "110101190001040045", SampleRole::Reviewer { region: "110101" }),
    sample("审核员上海", "13800000102", "310101190001050056", SampleRole::Reviewer { region: "310000" }),
    sample("管理员", "13800000103", "110101190001060062", SampleRole::Administrator),
    sample("维护员", "13800000104", "110101190001070076", SampleRole::Keeper),
    sample("审计员", "13800000105", "11010119000108008X", SampleRole::Auditor),
];

const fn sample(
    name: &'static str,
    mobile: &'static str,
    id_number: &'static str,
    role: SampleRole,
) -> Sample {
    Sample { name, mobile, id_number, role }
}

/// The sample administrator: without an identity platform the first one (R60).
pub fn administrator() -> Option<&'static Sample> {
    SAMPLES.iter().find(|sample| sample.role == SampleRole::Administrator)
}

/// The sample people with a role that the platform gives them, all but who has this id number.
pub fn officers(but: Option<&str>) -> Vec<SampleOfficer<'static>> {
    SAMPLES
        .iter()
        .filter(|sample| but != Some(sample.id_number))
        .filter_map(|sample| {
            let (role, region) = match sample.role {
                SampleRole::Applicant => return None,
                SampleRole::Reviewer { region } => (StaffRole::Reviewer, region),
                SampleRole::Administrator => (StaffRole::Administrator, ""),
                SampleRole::Keeper => (StaffRole::Keeper, ""),
                SampleRole::Auditor => (StaffRole::Auditor, ""),
            };
            Some(SampleOfficer { name: sample.name, id_no: sample.id_number, role, region })
        })
        .collect()
}
