//! Roles and accounts from the command line, for where no administrator can sign in: the first one was lost, the identity
//! platform is away, or an administrator's own account is to be suspended. The rules are those of the pages, and the
//! audit log says that it was done here.

use std::sync::Arc;

use domain::view::StaffRow;

use crate::admin::by::By;
use crate::admin::people::People;
use crate::admin::staff::Staff;
use crate::base::error::Result;

/// Roles and accounts, by whoever runs the platform.
pub struct Staffing {
    people: Arc<People>,
    staff: Arc<Staff>,
}

impl Staffing {
    pub(crate) fn new(people: &Arc<People>, staff: &Arc<Staff>) -> Arc<Self> {
        Arc::new(Staffing { people: Arc::clone(people), staff: Arc::clone(staff) })
    }

    /// Who has which role, the earliest first.
    ///
    /// # Errors
    /// When the database fails or a name does not open.
    pub async fn list(&self) -> Result<Vec<StaffRow>> {
        self.staff.list_for(By::Operator).await
    }

    /// Gives a role: `reviewer` (of a region), `administrator`, `keeper` or `auditor`.
    ///
    /// # Errors
    /// `Faults` for what is no name, id number, role or region; `Refused` for a role that is held, or that goes not
    /// together with one that is.
    pub async fn appoint(&self, name: &str, id_no: &str, role: &str, region: &str) -> Result<()> {
        self.staff.appoint_by(By::Operator, name, id_no, role, region).await
    }

    /// Takes the role of an appointment away.
    ///
    /// # Errors
    /// `NotFound` where there is no such appointment; `Refused` for the last administrator.
    pub async fn dismiss(&self, id: &str) -> Result<()> {
        self.staff.dismiss_by(By::Operator, id).await
    }

    /// Suspends the account of an id number, whose sessions end at once.
    ///
    /// # Errors
    /// `Faults` for a reason that is empty or too long; `Refused` where nobody signed in with the number, for one that
    /// is suspended, and for the last administrator.
    pub async fn suspend(&self, id_no: &str, reason: &str) -> Result<()> {
        self.people.suspend_named(id_no, reason).await
    }

    /// Gives the account of an id number back.
    ///
    /// # Errors
    /// `Faults` for a reason that is empty or too long; `Refused` where nobody signed in with the number, and for one
    /// that is not suspended.
    pub async fn reinstate(&self, id_no: &str, reason: &str) -> Result<()> {
        self.people.reinstate_named(id_no, reason).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};

    use super::*;
    use crate::base::entity::audit;
    use crate::base::error::Error;
    use crate::common::{World, claims, claims_of};

    claims![
        an_operator_appoints_and_dismisses_by_the_rules_of_the_pages,
        an_operator_suspends_an_administrator_once_there_is_another,
    ];

    fn sentence(outcome: Result<()>) -> String {
        match outcome {
            Err(Error::Refused(refused)) => refused.sentence,
            other => panic!("{other:?}"),
        }
    }

    /// The last line of the log about this action.
    async fn last_line(world: &World, action: &str) -> audit::Model {
        audit::Entity::find()
            .filter(audit::Column::Action.eq(action))
            .order_by_desc(audit::Column::Seq)
            .one(world.service.staff.context.db.read())
            .await
            .unwrap()
            .unwrap()
    }

    async fn an_operator_appoints_and_dismisses_by_the_rules_of_the_pages(world: World) {
        let staffing = &world.service.staffing;
        let (one, two) = (claims_of(1), claims_of(2));
        staffing.appoint(&one.name, &one.id_no, "administrator", "").await.unwrap();
        let line = last_line(&world, "appoint").await;
        assert!(line.actor_id.is_none() && line.detail.contains("\"command_line\":true"), "{line:?}");
        assert!(sentence(staffing.appoint(&one.name, &one.id_no, "auditor", "").await).contains("不同人员"));
        for (name, id_no, role, region) in [
            (two.name.as_str(), "110101199001010000", "auditor", ""),
            (&two.name, &two.id_no, "reviewer", ""),
            (&two.name, &two.id_no, "reviewer", "999999"),
            (&two.name, &two.id_no, "king", ""),
            ("", &two.id_no, "auditor", ""),
        ] {
            let outcome = staffing.appoint(name, id_no, role, region).await;
            assert!(matches!(outcome, Err(Error::Faults(_))), "{id_no} {role} {region}: {outcome:?}");
        }
        staffing.appoint(&two.name, &two.id_no, "reviewer", "110101").await.unwrap();
        let list = staffing.list().await.unwrap();
        let [first, second] = list.as_slice() else { panic!("{list:?}") };
        assert_eq!((first.name.as_str(), second.name.as_str()), (one.name.as_str(), two.name.as_str()));
        assert!(second.region.contains("东城"), "{second:?}");
        assert!(sentence(staffing.dismiss(&first.id).await).contains("至少需要一名管理员"));
        staffing.dismiss(&second.id).await.unwrap();
        assert!(matches!(staffing.dismiss(&second.id).await, Err(Error::NotFound)));
        assert_eq!(staffing.list().await.unwrap().len(), 1);
        assert!(world.service.audit_chain.verify_audit().await.unwrap().is_whole());
    }

    async fn an_operator_suspends_an_administrator_once_there_is_another(world: World) {
        let staffing = &world.service.staffing;
        let administrator = world.administrator().await;
        let mine = staffing.list().await.unwrap().remove(0);
        assert_eq!(mine.person.as_deref(), Some(administrator.person_id.as_str()));
        let id_no = claims_of(9_999).id_no;
        assert!(sentence(staffing.suspend(&id_no, "冒用").await).contains("至少需要一名管理员"));
        let other = claims_of(7);
        assert!(sentence(staffing.suspend(&other.id_no, "冒用").await).contains("没有人"));
        staffing.appoint(&other.name, &other.id_no, "administrator", "").await.unwrap();
        assert!(matches!(staffing.suspend(&id_no, " ").await, Err(Error::Faults(_))));
        staffing.suspend(&id_no, "冒用").await.unwrap();
        assert!(last_line(&world, "suspend").await.detail.contains("command_line"));
        assert!(staffing.list().await.unwrap().iter().any(|row| row.is_suspended));
        assert_eq!(sentence(staffing.suspend(&id_no, "冒用").await), "该账户已停用");
        staffing.reinstate(&id_no, "已核实").await.unwrap();
        assert!(last_line(&world, "reinstate").await.detail.contains("command_line"));
        assert!(!sentence(staffing.reinstate(&id_no, "已核实").await).is_empty());
        assert!(world.service.audit_chain.verify_audit().await.unwrap().is_whole());
    }
}
