//! Who files and who decides. Nobody of them exists: names are counted by the heavenly stems, numbers are of people born
//! in 1900, and units call themselves examples.

use domain::sample::{credit_code, id_number};
use service::Claims;

use crate::dev::idp::identity::{ID_KIND, sub_of};
use crate::dev::samples::{SAMPLES, Sample};

/// Somebody who files.
pub struct Applicant {
    /// As the cases call them.
    pub key: &'static str,
    /// Of a sample person, or an invented one.
    pub name: &'static str,
    /// Where the subject belongs to.
    pub region: &'static str,
    /// The name of the unit; a person files for themselves without one.
    pub unit: Option<&'static str>,
    /// Who answers for the subject.
    pub principal: &'static str,
}

const fn unit(
    key: &'static str,
    name: &'static str,
    region: &'static str,
    unit: &'static str,
    principal: &'static str,
) -> Applicant {
    Applicant { key, name, region, unit: Some(unit), principal }
}

const fn person(key: &'static str, name: &'static str, region: &'static str) -> Applicant {
    Applicant { key, name, region, unit: None, principal: name }
}

/// 北京市东城区
pub const DONGCHENG: &str = "110101";
/// 上海市黄浦区
pub const HUANGPU: &str = "310101";
/// 上海市浦东新区
const PUDONG: &str = "310115";

pub const APPLICANTS: [Applicant; 13] = [
    unit("jia", "申请人甲", DONGCHENG, "北京示例晨光科技有限公司", "陈子丑"),
    Applicant { principal: "林寅卯", ..person("yi", "申请人乙", DONGCHENG) },
    unit("bing", "申请人丙", HUANGPU, "上海示例海棠信息技术有限公司", "唐辰巳"),
    unit("zhao", "赵甲一", DONGCHENG, "北京示例青松文化传播有限公司", "赵甲一"),
    person("qian", "钱乙二", DONGCHENG),
    unit("sun", "孙丙三", HUANGPU, "上海示例浦江商贸有限公司", "孙丙三"),
    unit("li", "李丁四", DONGCHENG, "北京示例红枫教育咨询有限公司", "李丁四"),
    unit("zhou", "周戊五", HUANGPU, "上海示例玉兰设计工作室", "周戊五"),
    person("wu", "吴己六", PUDONG),
    unit("zheng", "郑庚七", DONGCHENG, "北京示例金桂餐饮管理有限公司", "郑庚七"),
    unit("wang", "王辛八", DONGCHENG, "北京示例白杨科技有限公司", "王辛八"),
    person("feng", "冯壬九", DONGCHENG),
    person("chen", "陈癸十", DONGCHENG),
];

impl Applicant {
    pub fn of(key: &str) -> Option<&'static Applicant> {
        APPLICANTS.iter().find(|applicant| applicant.key == key)
    }

    /// Tells the numbers of one from those of others.
    pub fn number(&self) -> u32 {
        let place = APPLICANTS.iter().position(|applicant| applicant.key == self.key).unwrap_or_default();
        u32::try_from(place).unwrap_or_default() + 1
    }

    /// What the identity platform says of them.
    pub fn claims(&self) -> Claims {
        claims_of_sample(self.name).unwrap_or_else(|| invented(self.name, 100 + self.number()))
    }

    /// Of the one who answers for the subject, eleven digits.
    pub fn principal_mobile(&self) -> String {
        format!("139000010{:02}", self.number())
    }

    pub fn principal_id_number(&self) -> String {
        id_number(self.region, 3_000 + self.number())
    }

    pub fn certificate(&self) -> String {
        credit_code(self.region, self.number())
    }
}

/// An officer who is no sample person: the colleague of 审核员东城.
pub const COLLEAGUE: &str = "何同舟";

pub fn colleague() -> Claims {
    invented(COLLEAGUE, 200)
}

pub fn claims_of_sample(name: &str) -> Option<Claims> {
    let sample = SAMPLES.iter().find(|sample| sample.name == name)?;
    let Sample { name, mobile, id_number, .. } = *sample;
    Some(claims(name, mobile.to_owned(), id_number.to_owned()))
}

fn invented(name: &str, number: u32) -> Claims {
    claims(name, format!("1370000{number:04}"), id_number(DONGCHENG, 5_000 + number))
}

fn claims(name: &str, mobile: String, id_no: String) -> Claims {
    Claims { sub: sub_of(&id_no), name: name.to_owned(), mobile, id_kind: ID_KIND.to_owned(), id_no }
}
