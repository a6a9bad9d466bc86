//! What the menu offers a person, and why not (R79).

use domain::business::Business;
use domain::procedure::Procedure;
use domain::record::RecordState;
use domain::route;
use domain::view::{Offer, OfferGroup};

use crate::account::Accounts;
use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::error::Result;
use crate::filing::eligibility;
use crate::state::row::record_state;

handle! {
    /// What the menu offers.
    Offers {
        accounts: Accounts,
    }
}

impl Offers {
    /// 业务办理 (R4): every shortcut, those not available with their reason (R79).
    pub async fn offers(&self, actor: &Actor) -> Result<Vec<OfferGroup>> {
        let on = self.context.db.read();
        let subject = self.accounts.current_subject(actor).await?;
        let open_filings = match &subject {
            None => 0,
            Some(subject) => eligibility::open_filings(on, &subject.id).await?,
        };
        let eligibility = eligibility::eligibility_of(on, actor, subject, &[]).await?;
        let mut groups = Vec::new();
        for business in Business::ALL {
            let mut offers = Vec::new();
            for action in business.actions() {
                let procedure = Procedure::new(business, action);
                let refused = eligibility.refusal_of_kind(procedure)?;
                offers.push(Offer {
                    label: procedure.label().to_owned(),
                    href: route::begin(procedure),
                    refused,
                });
            }
            if business == Business::Subject {
                let state = eligibility.subject.as_ref().map(record_state).transpose()?;
                let refused = match state {
                    // The giver revokes on the same page (R24).
                    Some(RecordState::Transferring) => None,
                    _ => eligibility.transfer_refusal(open_filings)?,
                };
                offers.push(Offer {
                    label: "移交主体".to_owned(),
                    href: route::TRANSFER.to_owned(),
                    refused,
                });
                // 接收主体 needs no subject and stands in the menu alone: without a subject 新增主体 is
                // the only shortcut that can be clicked (R4).
            }
            groups.push(OfferGroup { title: business.definition().shortcuts.to_owned(), offers });
        }
        Ok(groups)
    }
}
