//! Answers that refer to a record of the same subject, such as the website that an assessment is about.
//! The answer is written out, so that it reads the same for ever; the registration number in it says
//! which record is meant.

use domain::answer::Answers;
use domain::schema::{Fault, Form, Kind, Step, fault};
use domain::view::OwnRecord;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::base::entity::record;
use crate::base::error::Result;
use crate::base::registration;
use crate::filing::record::Records;
use crate::state::row::business_of;

/// Most records that are offered.
const MOST: u64 = 200;

impl Records {
    /// What the questions of a step can refer to: the registered records of the subject.
    pub(crate) async fn own_records(
        &self,
        on: &impl ConnectionTrait,
        subject: Option<&record::Model>,
        step: &Step,
    ) -> Result<Vec<OwnRecord>> {
        let wanted: Vec<&str> = step
            .sections()
            .iter()
            .flat_map(|section| section.fields)
            .filter_map(|field| match field.kind {
                Kind::OwnRecord(businesses) => Some(businesses),
                _ => None,
            })
            .flatten()
            .copied()
            .collect();
        let (Some(subject), false) = (subject, wanted.is_empty()) else { return Ok(Vec::new()) };
        let rows = record::Entity::find()
            .filter(record::Column::SubjectId.eq(&subject.id))
            .filter(record::Column::Business.is_in(wanted))
            .filter(record::Column::RegistrationDigits.is_not_null())
            .filter(record::Column::CancelledAt.is_null())
            .order_by_desc(record::Column::Id)
            .limit(MOST)
            .all(on)
            .await?;
        rows.iter()
            .map(|row| {
                let business = business_of(row)?;
                let number = row.registration_number.as_deref().unwrap_or_default();
                Ok(OwnRecord { business, text: format!("{}：{}（{number}）", business.noun(), row.title) })
            })
            .collect()
    }

    /// What refers to a record that is not the subject's.
    pub(crate) async fn faults_of_own_records(
        &self,
        on: &impl ConnectionTrait,
        subject: Option<&record::Model>,
        form: &'static Form,
        answers: &Answers,
    ) -> Result<Vec<Fault>> {
        let mut faults = Vec::new();
        for place in form.shown(answers) {
            let at = place.address();
            let (Kind::OwnRecord(businesses), false) = (place.field.kind, answers.text(&at).is_empty())
            else {
                continue;
            };
            if !self.is_own_record(on, subject, businesses, answers.text(&at)).await? {
                faults.push(fault(at, "请从列表中选择当前主体的备案"));
            }
        }
        Ok(faults)
    }

    async fn is_own_record(
        &self,
        on: &impl ConnectionTrait,
        subject: Option<&record::Model>,
        businesses: &[&str],
        text: &str,
    ) -> Result<bool> {
        let number =
            text.strip_suffix('）').and_then(|text| text.rsplit_once('（')).map(|(_, number)| number);
        let (Some(subject), Some(digits)) = (subject, number.and_then(registration::scan)) else {
            return Ok(false);
        };
        let found = record::Entity::find()
            .filter(record::Column::RegistrationDigits.eq(digits))
            .filter(record::Column::SubjectId.eq(&subject.id))
            .filter(record::Column::Business.is_in(businesses.iter().copied()))
            .count(on)
            .await?;
        Ok(found > 0)
    }
}
