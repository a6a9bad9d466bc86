//! Who acts: the signed-in person with the roles that hold at this moment. Made only from a
//! session that was looked up in the database.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::jurisdiction;
use domain::role::StaffRole;
use sea_orm::ConnectionTrait;
use tokio::sync::OnceCell;

use crate::base::entity::{filing, filing_message, held_form, person, record};
use crate::base::error::{Error, Result};
use crate::base::own_desk::{self, OwnDesk, Part};

#[derive(Debug, Clone)]
pub struct Actor {
    pub person_id: String,
    pub session_id: String,
    pub roles: Vec<Role>,
    /// There are roles, and this session was not begun as it is demanded of staff.
    pub must_step_up: bool,
    /// Only in a request that reads.
    pub(crate) remembered: Option<Arc<Remembered>>,
}

/// What a request that only reads has read of its person, so that no part of a page asks for it again. Whoever writes
/// asks within the transaction.
pub(crate) struct Remembered {
    pub(crate) person: person::Model,
    /// The sentence that waits for the next page.
    pub(crate) flash: Option<String>,
    pub(crate) frame: Frame,
    /// The subjects that pages speak of, the newest first.
    pub(crate) subjects: OnceCell<Vec<record::Model>>,
    /// What an officer left on their desk.
    own_desk: OnceCell<Arc<OwnDesk>>,
    /// Open filings of a subject: the subject, and by the record.
    pub(crate) open: OnceCell<(String, Vec<(String, String)>)>,
    /// Filings that parts of a page speak of, by id.
    pub(crate) filings: Kept<filing::Model>,
    /// Questions and answers of a filing, by its id.
    pub(crate) messages: Kept<Vec<filing_message::Model>>,
    /// Forms that came back, or that none did, by their slot.
    pub(crate) held_forms: Kept<Option<held_form::Model>>,
}

/// Rows that several parts of a page ask for.
pub(crate) struct Kept<T>(Mutex<BTreeMap<String, T>>);

impl<T: Clone> Kept<T> {
    fn new() -> Self {
        Kept(Mutex::new(BTreeMap::new()))
    }

    pub(crate) fn get(&self, key: &str) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub(crate) fn keep(&self, key: &str, row: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), row);
    }
}

/// What the frame of every page shows of the person, read along with the session.
#[derive(Clone, Copy, Default)]
pub(crate) struct Frame {
    /// Notices that were not read.
    pub(crate) unread: u64,
    /// Whether any decision was ever chosen for a second look.
    pub(crate) any_second_look: bool,
}

impl Remembered {
    pub(crate) fn new(person: person::Model, flash: Option<String>, frame: Frame) -> Self {
        Remembered {
            person,
            flash,
            frame,
            subjects: OnceCell::new(),
            own_desk: OnceCell::new(),
            open: OnceCell::new(),
            filings: Kept::new(),
            messages: Kept::new(),
            held_forms: Kept::new(),
        }
    }

    pub(crate) fn subject(&self, id: &str) -> Option<record::Model> {
        self.subjects.get()?.iter().find(|subject| subject.id == id).cloned()
    }
}

/// Rows hold personal data.
impl std::fmt::Debug for Remembered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remembered").finish_non_exhaustive()
    }
}

/// What staff may do (R60).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Reviews filings of a region and below.
    Reviewer { region: String },
    /// Gives roles and takes filings over.
    Administrator,
    /// Keeps the directories, the reasons officers pick, and the holidays.
    Keeper,
    /// Reads the audit log.
    Auditor,
}

impl Role {
    pub fn of_staff(&self) -> StaffRole {
        match self {
            Role::Reviewer { .. } => StaffRole::Reviewer,
            Role::Administrator => StaffRole::Administrator,
            Role::Keeper => StaffRole::Keeper,
            Role::Auditor => StaffRole::Auditor,
        }
    }
}

/// The same person in the same session with the same roles; what was read besides does not count.
impl PartialEq for Actor {
    fn eq(&self, other: &Self) -> bool {
        let Actor { person_id, session_id, roles, must_step_up, remembered: _ } = self;
        (person_id, session_id, roles, must_step_up)
            == (&other.person_id, &other.session_id, &other.roles, &other.must_step_up)
    }
}

impl Eq for Actor {}

impl Actor {
    pub fn of(person_id: String, session_id: String, roles: Vec<Role>) -> Self {
        Actor { person_id, session_id, roles, must_step_up: false, remembered: None }
    }

    /// Asks once in a request that only reads, and each time in any other.
    pub(crate) async fn once<T: Clone>(
        &self,
        place: impl FnOnce(&Remembered) -> &OnceCell<T>,
        ask: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        match &self.remembered {
            Some(remembered) => place(remembered).get_or_try_init(|| ask).await.cloned(),
            None => ask.await,
        }
    }

    /// What the officer left on their desk: for a page all of it at once, of which its parts take theirs; otherwise the
    /// part that is asked for.
    pub(crate) async fn own_desk(&self, on: &impl ConnectionTrait, part: Part) -> Result<Arc<OwnDesk>> {
        let parts = if self.remembered.is_some() { &Part::ALL[..] } else { &[part] };
        let ask = async { Ok(Arc::new(own_desk::left_by(on, &self.person_id, parts).await?)) };
        self.once(|remembered| &remembered.own_desk, ask).await
    }

    /// For what outlives the request: nothing that was read for it is remembered.
    #[must_use]
    pub fn forgetting(self) -> Self {
        Actor { remembered: None, ..self }
    }

    pub fn reviewer_region(&self) -> Option<&str> {
        self.roles.iter().find_map(|role| match role {
            Role::Reviewer { region } => Some(region.as_str()),
            Role::Administrator | Role::Keeper | Role::Auditor => None,
        })
    }

    pub fn is_administrator(&self) -> bool {
        self.roles.contains(&Role::Administrator)
    }

    pub fn is_keeper(&self) -> bool {
        self.roles.contains(&Role::Keeper)
    }

    pub fn must_keep(&self) -> Result<()> {
        if self.is_keeper() { Ok(()) } else { Err(Error::Forbidden) }
    }

    pub fn is_auditor(&self) -> bool {
        self.roles.contains(&Role::Auditor)
    }

    /// The region of a reviewer, or `Forbidden`.
    pub fn must_review(&self) -> Result<&str> {
        self.reviewer_region().ok_or(Error::Forbidden)
    }

    pub fn must_administer(&self) -> Result<()> {
        if self.is_administrator() { Ok(()) } else { Err(Error::Forbidden) }
    }

    pub fn covers(&self, region: &str) -> bool {
        self.reviewer_region().is_some_and(|own| jurisdiction::covers(own, region))
    }
}
