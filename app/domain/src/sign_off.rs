//! What an officer confirms before approving (R63): one list per kind of procedure, the same for the
//! page that asks and the use case that insists.

use crate::action::Action;
use crate::business::blocks::CHECKS;
use crate::procedure::Procedure;

const CHANGES: &str = "已逐项核对变更前后的内容";
const CANCEL: &str = "已核实注销系负责人本人意愿";
const ALONG: &str = "已告知负责人注销后不可恢复";

/// The points of the list, in the order they are asked.
pub fn sign_off(procedure: Procedure) -> &'static [&'static str] {
    match procedure.action {
        Action::Cancel => &[CANCEL, ALONG],
        Action::Change => &[CHANGES, CHECKS],
        Action::New => procedure.business.definition().sign_off,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_procedure_is_signed_off_with_different_points() {
        for procedure in Procedure::all() {
            let points = sign_off(procedure);
            assert!(points.len() >= 2, "{}", procedure.label());
            let mut different = points.to_vec();
            different.sort_unstable();
            different.dedup();
            assert_eq!(different.len(), points.len(), "{}", procedure.label());
        }
    }
}
