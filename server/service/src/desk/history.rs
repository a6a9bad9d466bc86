//! A filing through time, for officers: what it said in each round, what was decided and asked, who looked, and what
//! differs between any two moments. Masked as everywhere.

use std::collections::{BTreeMap, BTreeSet};

use domain::action::Action;
use domain::answer::Answers;
use domain::filing::FilingEvent;
use domain::schema::Fault;
use domain::sheet::{Disclosure, diff};
use domain::view::{Compared, HistoryRequest, HistoryView, Moment, MomentKind};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::account::Accounts;
use crate::base::actor::Actor;
use crate::base::audit::{LOOK_AT_FILE, UNMASK};
use crate::base::clock::written;
use crate::base::context::handle;
use crate::base::db::instant;
use crate::base::entity::{audit, filing, filing_event, filing_message, filing_round, upload_use};
use crate::base::error::{Error, Result};
use crate::base::region::KnownRegions;
use crate::base::sealed_answers::load;
use crate::desk::access::DeskAccess;
use crate::filing::Filings;
use crate::filing::talk::messages;
use crate::filing::view::filing_sheet;
use crate::state::counters::is_decision;
use crate::state::history::{SUBMITTED, event_view, history_of};
use crate::state::row::procedure_of;

handle! {
    /// A filing through time.
    Histories {
        accounts: Accounts,
        desk_access: DeskAccess,
        filings: Filings,
    }
}

/// So many of the latest looks are told.
const MOST_LOOKS: u64 = 400;

/// Looks of one officer that follow each other within this are one moment.
const ONE_SITTING: i64 = 30 * 60 * 1000;

/// A moment with what it is ordered by.
struct Dated {
    at: i64,
    /// Of the row that tells of it.
    id: String,
    moment: Moment,
    remarks: Vec<Fault>,
}

impl Histories {
    /// A filing of the officer's region through time.
    ///
    /// # Errors
    /// `NotFound` outside of the region.
    pub async fn filing_history(&self, actor: &Actor, request: &HistoryRequest) -> Result<HistoryView> {
        let on = self.context.db.read();
        let row = self.desk_access.reviewable(on, actor, &request.filing).await?;
        let rows = self.desk_access.queue_rows(actor, std::slice::from_ref(&row)).await?;
        let head = rows.into_iter().next().ok_or(Error::NotFound)?;
        let dated = self.moments(on, &row).await?;
        let rounds = self.rounds(on, &row).await?;
        // Somebody always looks last.
        let told = dated.iter().rposition(|one| one.moment.kind != MomentKind::Look);
        let last = told.unwrap_or_default();
        let place = |key: &str| dated.iter().position(|one| one.moment.key == key);
        let shown = place(&request.at).unwrap_or(last);
        let answers = |at: usize| dated.get(at).and_then(|one| rounds.get(&one.moment.round));
        let procedure = procedure_of(&row)?;
        let before = self.filings.filing_before(&row)?;
        let cancelled = before.as_ref().filter(|_| procedure.action == Action::Cancel);
        let sheet =
            answers(shown).map(|answers| filing_sheet(procedure, answers, cancelled, Disclosure::Masked));
        let compared = place(&request.from).zip(place(&request.to)).map(|(from, to)| {
            let masked = Disclosure::Masked;
            let both = answers(from).zip(answers(to));
            let form = procedure.form();
            let changes = both.map(|(from, to)| diff(form, (from, masked), (to, masked), &KnownRegions));
            Compared { from, to, changes }
        });
        Ok(HistoryView {
            filing: head,
            shown,
            sheet: sheet.transpose()?,
            remarks: dated.get(shown).map(|one| one.remarks.clone()).unwrap_or_default(),
            compared,
            moments: dated.into_iter().map(|one| one.moment).collect(),
        })
    }

    /// By number, what was submitted in each round; 0 is what was in force before a change.
    async fn rounds(&self, on: &impl ConnectionTrait, row: &filing::Model) -> Result<BTreeMap<i32, Answers>> {
        let kept =
            filing_round::Entity::find().filter(filing_round::Column::FilingId.eq(&row.id)).all(on).await?;
        let place = format!("filing/{}", row.id);
        let mut rounds: BTreeMap<i32, Answers> = kept
            .iter()
            .map(|one| Ok((one.round, load(&self.context.keys, &place, &one.answers, &one.answers_sealed)?)))
            .collect::<Result<_>>()?;
        rounds.insert(row.round, self.filings.filing_answers(row)?);
        if procedure_of(row)?.action == Action::Change
            && let Some(before) = self.filings.filing_before(row)?
        {
            rounds.insert(0, before);
        }
        Ok(rounds)
    }

    async fn moments(&self, on: &impl ConnectionTrait, row: &filing::Model) -> Result<Vec<Dated>> {
        let (events, talk) = (history_of(on, &row.id).await?, messages(on, &row.id).await?);
        let looks = looks(on, &row.id).await?;
        let people: BTreeSet<&String> = (events.iter().filter_map(|line| line.actor_id.as_ref()))
            .chain(talk.iter().map(|line| &line.author_id))
            .chain(looks.iter().filter_map(|line| line.actor_id.as_ref()))
            .collect();
        let people: Vec<String> = people.into_iter().cloned().collect();
        let names = match people.is_empty() {
            true => BTreeMap::new(),
            false => self.accounts.staff_names(on, &people).await?,
        };
        let mut dated = Vec::new();
        for line in &events {
            dated.push(of_event(line, &names)?);
        }
        for line in &talk {
            dated.push(self.of_message(row, line, &talk, &names)?);
        }
        dated.extend(of_looks(&looks, &names));
        // Within one moment as they were written, before who looked at it.
        dated.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        let mut round = 0;
        for one in &mut dated {
            round += i32::from(one.moment.kind == MomentKind::Submitted);
            one.moment.round = Ord::max(round, 1);
        }
        if procedure_of(row)?.action == Action::Change && row.before.is_some() {
            let at = dated.first().map_or(row.submitted_at, |first| first.at);
            let moment = Moment {
                key: "before".to_owned(),
                kind: MomentKind::Before,
                at: written(instant(at)),
                what: "变更前的备案".to_owned(),
                who: String::new(),
                note: String::new(),
                round: 0,
            };
            dated.insert(0, Dated { at, id: String::new(), moment, remarks: Vec::new() });
        }
        Ok(dated)
    }

    fn of_message(
        &self,
        row: &filing::Model,
        line: &filing_message::Model,
        all: &[filing_message::Model],
        names: &BTreeMap<String, String>,
    ) -> Result<Dated> {
        let procedure = procedure_of(row)?;
        let forms = [procedure.form(), procedure.business.form()];
        let label = forms.iter().find_map(|form| form.place(&line.field)).map(|place| place.field.label);
        let about = label.map(|label| format!("“{label}”：")).unwrap_or_default();
        let is_answer = line.question_id.is_some();
        let number =
            |id: &str| all.iter().filter(|one| one.question_id.is_none()).position(|one| one.id == id);
        let question = line.question_id.as_deref().unwrap_or(&line.id);
        let number = number(question).map_or_else(String::new, |at| format!("问题 {}", at + 1));
        let text = self.filings.text_of(line)?;
        let moment = Moment {
            key: format!("m{}", line.id),
            kind: MomentKind::Talk,
            at: written(instant(line.sent_at)),
            what: format!("{number}{}", if is_answer { " 的回复" } else { "：请补充说明" }),
            who: if is_answer { "申请人".to_owned() } else { officer(names.get(&line.author_id)) },
            note: format!("{about}{text}"),
            round: 0,
        };
        Ok(Dated { at: line.sent_at, id: line.id.clone(), moment, remarks: Vec::new() })
    }
}

fn officer(name: Option<&String>) -> String {
    name.map_or_else(|| "审核民警".to_owned(), |name| format!("审核民警（{name}）"))
}

fn of_event(line: &filing_event::Model, names: &BTreeMap<String, String>) -> Result<Dated> {
    let shown = event_view(line);
    let is_staff = line.actor_role != crate::state::history::APPLICANT;
    let name = line.actor_id.as_ref().filter(|_| is_staff).and_then(|id| names.get(id));
    let kind = match FilingEvent::from_code(&line.event) {
        Some(FilingEvent::Resubmit) => MomentKind::Submitted,
        None if line.event == SUBMITTED => MomentKind::Submitted,
        Some(event) if is_decision(event) => MomentKind::Decided,
        Some(_) | None => MomentKind::Step,
    };
    let moment = Moment {
        key: format!("e{}", line.id),
        kind,
        at: shown.at,
        what: shown.what,
        who: name.map_or(shown.who.clone(), |name| format!("{}（{name}）", shown.who)),
        note: shown.note,
        round: 0,
    };
    Ok(Dated { at: line.at, id: line.id.clone(), moment, remarks: serde_json::from_str(&line.remarks)? })
}

/// Who looked at personal data in full, or at a file.
async fn looks(on: &impl ConnectionTrait, filing: &str) -> Result<Vec<audit::Model>> {
    let files: Vec<String> = upload_use::Entity::find()
        .select_only()
        .column(upload_use::Column::UploadId)
        .filter(upload_use::Column::HolderKind.eq("filing"))
        .filter(upload_use::Column::HolderId.eq(filing))
        .into_tuple()
        .all(on)
        .await?;
    let mut lines = Vec::new();
    for (action, objects) in [(UNMASK, vec![filing.to_owned()]), (LOOK_AT_FILE, files)] {
        lines.extend(
            audit::Entity::find()
                .filter(audit::Column::ObjectId.is_in(objects))
                .filter(audit::Column::Action.eq(action))
                .filter(audit::Column::Detail.ne(r#"{"thumbnail":true}"#))
                .order_by_desc(audit::Column::Seq)
                .limit(MOST_LOOKS)
                .all(on)
                .await?,
        );
    }
    lines.sort_by_key(|line| line.seq);
    Ok(lines)
}

/// Looks as moments: each purpose by itself, files of one sitting together.
fn of_looks(lines: &[audit::Model], names: &BTreeMap<String, String>) -> Vec<Dated> {
    let mut dated: Vec<Dated> = Vec::new();
    // By officer, which moment their look at files goes on in, since when, and at how many.
    let mut sittings: BTreeMap<&str, (usize, i64, BTreeSet<&str>)> = BTreeMap::new();
    for line in lines {
        let Some(person) = line.actor_id.as_deref() else { continue };
        let detail: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(&line.detail).unwrap_or_default();
        let purpose = detail.get("purpose").and_then(|text| text.as_str()).unwrap_or_default();
        let is_file = line.action == LOOK_AT_FILE;
        if let Some((place, last, files)) = sittings.get_mut(person).filter(|_| is_file)
            && line.at - *last < ONE_SITTING
            && let Some(one) = dated.get_mut(*place)
        {
            *last = line.at;
            files.insert(&line.object_id);
            one.moment.what = format!("查看文件（{} 个）", files.len());
            continue;
        }
        if is_file {
            sittings.insert(person, (dated.len(), line.at, BTreeSet::from([line.object_id.as_str()])));
        }
        let moment = Moment {
            key: format!("a{}", line.seq),
            kind: MomentKind::Look,
            at: written(instant(line.at)),
            what: if is_file { "查看文件（1 个）" } else { "查看完整个人信息" }.to_owned(),
            who: officer(names.get(person)),
            note: if purpose.is_empty() { String::new() } else { format!("目的：{purpose}") },
            round: 0,
        };
        dated.push(Dated { at: line.at, id: format!("~{:020}", line.seq), moment, remarks: Vec::new() });
    }
    dated
}
