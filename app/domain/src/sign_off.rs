//! What an officer confirms before approving (R63): one list per kind of procedure, the same for the
//! page that asks and the use case that insists.

use crate::procedure::{Action, Business, Procedure};

const PERSON: &str = "证件照片清晰有效，与填报的姓名、号码一致";
const PHONE: &str = "已电话核实负责人及联系方式";
const CHECKS: &str = "已查看机器核查结果，对需核实的项目已逐一核实";
const CHANGES: &str = "已逐项核对变更前后的内容";
const CANCEL: &str = "已核实注销系负责人本人意愿";
const ALONG: &str = "已告知负责人注销后不可恢复";
const SITE: &str = "已打开网站核对名称、内容与填报一致";
const CONTENT: &str = "已核对服务内容与填报一致";
const UNIT: &str = "主办单位证件与填报的名称、证件号一致";

/// The points of the list, in the order they are asked.
pub fn sign_off(procedure: Procedure) -> &'static [&'static str] {
    match (procedure.action, procedure.business) {
        (Action::Cancel, _) => &[CANCEL, ALONG],
        (Action::Change, _) => &[CHANGES, CHECKS],
        (Action::New, Business::Subject) => &[PERSON, UNIT, PHONE, CHECKS],
        (Action::New, Business::Website) => &[SITE, PERSON, PHONE, CHECKS],
        (
            Action::New,
            Business::App
            | Business::Provider
            | Business::Market
            | Business::MiniProgram
            | Business::Assessment,
        ) => &[CONTENT, PERSON, PHONE, CHECKS],
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
