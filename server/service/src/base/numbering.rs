//! Registration numbers of records (R38): issuing one, and what the applicant puts on the site.

use domain::business::Business;
use domain::jurisdiction;
use domain::view::RegistrationView;
use sea_orm::ConnectionTrait;

use crate::base::clock::written_date;
use crate::base::context::Settings;
use crate::base::db::{instant, next_serial};
use crate::base::entity::record;
use crate::base::error::{Error, Result};
use crate::base::qr;
use crate::base::registration::{RegistrationNumber, format_number};

/// The next number of a jurisdiction. The counter's row orders those who approve at once; a
/// transaction that fails leaves no gap, and no number is given twice.
pub(crate) async fn issue(
    on: &impl ConnectionTrait,
    settings: &Settings,
    business: Business,
    region: &str,
) -> Result<Option<RegistrationNumber>> {
    let Some(kind) = business.definition().number_kind else { return Ok(None) };
    let serial = next_serial(on, &format!("registration/{region}/{kind:02}")).await?;
    let serial = u32::try_from(serial).unwrap_or(u32::MAX);
    let sign = match settings.registration_sign.as_str() {
        "province" => jurisdiction::province_sign(region),
        sign => sign,
    };
    let number = format_number(sign, region, kind, serial)
        .map_err(|error| Error::Corrupt(format!("registration number of {region}/{kind:02}: {error}")))?;
    Ok(Some(number))
}

/// The number of a record with the snippets for its footer; nothing where it has none.
pub(crate) fn registration_view(settings: &Settings, row: &record::Model) -> Option<RegistrationView> {
    let (Some(digits), Some(number)) = (&row.registration_digits, &row.registration_number) else {
        return None;
    };
    let base = settings.public_url.trim_end_matches('/');
    Some(RegistrationView {
        html: format!(
            "<a href=\"{base}/r/{digits}\" rel=\"noopener\" target=\"_blank\">\
             <img src=\"{base}/badge.svg\" alt=\"\" width=\"18\" height=\"20\"> {number}</a>"
        ),
        markdown: format!("[{number}]({base}/r/{digits})"),
        qr: qr::code(&format!("{base}/r/{digits}")),
        address: format!("{base}/r/{digits}"),
        plain: number.clone(),
        number: number.clone(),
        digits: digits.clone(),
        registered_on: row.registered_at.map(|at| written_date(instant(at))).unwrap_or_default(),
    })
}
