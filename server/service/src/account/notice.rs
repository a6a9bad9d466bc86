//! 系统通知 (R66): what became of a filing, a transfer, a draft, told to those concerned.

use domain::notice::{Channel, NoticeKind};
use domain::view::{NoticeChoice, NoticeRow, Paged};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::account::Accounts;
use crate::account::sms::TextMessages;
use crate::base::actor::Actor;
use crate::base::clock::written;
use crate::base::context::handle;
use crate::base::db::{Transaction, instant, millis, new_id, plausible_id};
use crate::base::entity::{mail_address, notice, notice_choice, person};
use crate::base::error::{Error, Result, chain};
use crate::base::retry::retry;

handle! {
    /// 系统通知.
    Notices {
        accounts: Accounts,
        text_messages: TextMessages,
    }
}

const PAGE: usize = 20;

impl Notices {
    /// Tells a person of what others did, or the clock, in the transaction of that. `link` is the path of
    /// the page that shows it.
    pub(crate) async fn notify(
        &self,
        on: &Transaction,
        person_id: &str,
        kind: NoticeKind,
        text: impl Into<String>,
        link: Option<String>,
    ) -> Result<()> {
        self.note(on, person_id, kind, text, link).await?;
        for way in Channel::ALL {
            self.call(on, person_id, kind, way).await?;
        }
        Ok(())
    }

    /// The same for who gets a text message that says more.
    pub(crate) async fn notify_beside_text_message(
        &self,
        on: &Transaction,
        person_id: &str,
        kind: NoticeKind,
        text: impl Into<String>,
        link: Option<String>,
    ) -> Result<()> {
        self.note(on, person_id, kind, text, link).await?;
        self.call(on, person_id, kind, Channel::Mail).await
    }

    /// Calls a person to 系统通知, if they want to be called of this kind in this way. The words say nothing about
    /// whom or what: they travel in the open, and stay in other hands.
    async fn call(&self, on: &Transaction, person_id: &str, kind: NoticeKind, way: Channel) -> Result<()> {
        if !kind.has_switch() {
            return Ok(());
        }
        let key = (person_id.to_owned(), kind.code().to_owned());
        let chosen = notice_choice::Entity::find_by_id(key).one(on).await?;
        if !wants(choice_of(kind, chosen.as_ref()), way)
            || self.text_messages.needs_no_call(on, person_id, way).await?
        {
            return Ok(());
        }
        let Some(recipient) = self.recipient(on, person_id, way).await? else { return Ok(()) };
        let text = self.words(kind, way);
        self.text_messages.call(on, person_id, way, &recipient, &text).await
    }

    /// Where a person is called; nowhere where what is stored cannot be opened, which keeps no decision from being
    /// made.
    async fn recipient(&self, on: &Transaction, person_id: &str, way: Channel) -> Result<Option<String>> {
        let opened = match way {
            Channel::Sms => {
                let Some(row) = person::Entity::find_by_id(person_id).one(on).await? else { return Ok(None) };
                self.accounts.claims(&row).map(|claims| claims.mobile)
            }
            Channel::Mail => {
                let row = mail_address::Entity::find_by_id(person_id).one(on).await?;
                let Some(sealed) = row.and_then(|row| row.confirmed_sealed) else { return Ok(None) };
                let place = mail_context(person_id, "confirmed");
                self.context.keys.open_text(&place, &sealed).map_err(Error::from)
            }
        };
        match opened {
            Ok(recipient) => {
                Ok(Some(recipient).filter(|_| way == Channel::Sms || self.text_messages.offers_mail()))
            }
            Err(error) => {
                tracing::error!(person = person_id, error = chain(&error), "a person cannot be called");
                Ok(None)
            }
        }
    }

    fn words(&self, kind: NoticeKind, way: Channel) -> String {
        let (platform, url) = (&self.context.settings.platform_name, &self.context.settings.public_url);
        let what = match kind {
            NoticeKind::Progress | NoticeKind::Approved | NoticeKind::Returned | NoticeKind::Rejected => {
                "您的申请有新的进展"
            }
            NoticeKind::Handover
            | NoticeKind::Draft
            | NoticeKind::Reminder
            | NoticeKind::Desk
            | NoticeKind::Account
            | NoticeKind::Other => "您有新的系统通知",
        };
        let sentence = format!("【{platform}】{what}，请登录平台查看系统通知：{url}");
        match way {
            Channel::Sms => sentence,
            Channel::Mail => format!(
                "【{platform}】{what}\n{sentence}\n\n如不需要此类邮件，可登录后在“通知设置”中关闭。本邮件由系统发出，请勿回复。"
            ),
        }
    }

    /// Notes what a person did themselves: it stands in 系统通知, and nobody is called for it.
    pub(crate) async fn note(
        &self,
        on: &Transaction,
        person_id: &str,
        kind: NoticeKind,
        text: impl Into<String>,
        link: Option<String>,
    ) -> Result<()> {
        let now = self.context.clock.now();
        let row = notice::ActiveModel {
            id: Set(new_id(now)),
            person_id: Set(person_id.to_owned()),
            kind: Set(kind.code().to_owned()),
            text: Set(text.into()),
            link: Set(link),
            created_at: Set(millis(now)),
            read_at: Set(None),
        };
        row.insert(on).await?;
        Ok(())
    }

    /// Whether the person was told this before.
    pub(crate) async fn has_told(&self, on: &Transaction, person_id: &str, text: &str) -> Result<bool> {
        let told = notice::Entity::find()
            .filter(notice::Column::PersonId.eq(person_id))
            .filter(notice::Column::Text.eq(text))
            .count(on)
            .await?;
        Ok(told > 0)
    }

    /// The person's notices, unread ones first, the newest first within each. `after` is the cursor of
    /// the page before.
    pub async fn notices(&self, actor: &Actor, unread_only: bool, after: &str) -> Result<Paged<NoticeRow>> {
        let mut all = notice::Entity::find().filter(notice::Column::PersonId.eq(&actor.person_id));
        if unread_only {
            all = all.filter(notice::Column::ReadAt.is_null());
        }
        let total = all.clone().count(self.context.db.read()).await?;
        let mut page = all;
        if let Some((is_read, id)) = cursor(after) {
            let read = notice::Column::ReadAt.is_not_null();
            let unread = notice::Column::ReadAt.is_null();
            let rest = notice::Column::Id.lt(id);
            page = page.filter(match is_read {
                false => Condition::any().add(unread.and(rest)).add(read),
                true => Condition::all().add(read).add(rest),
            });
        }
        let mut rows = page
            .order_by(Expr::col(notice::Column::ReadAt).is_not_null(), Order::Asc)
            .order_by_desc(notice::Column::Id)
            .limit(PAGE as u64 + 1)
            .all(self.context.db.read())
            .await?;
        let has_more = rows.len() > PAGE;
        rows.truncate(PAGE);
        let last = rows.last().filter(|_| has_more);
        let next = last.map(|row| format!("{}{}", if row.read_at.is_some() { 'r' } else { 'u' }, row.id));
        let rows = rows.into_iter().map(notice_row).collect();
        Ok(Paged { rows, total, next, is_later: !after.is_empty() })
    }

    /// The first few, for the home page (R2).
    pub(crate) async fn latest_notices(&self, actor: &Actor, most: u64) -> Result<Vec<NoticeRow>> {
        let rows = notice::Entity::find()
            .filter(notice::Column::PersonId.eq(&actor.person_id))
            .order_by(Expr::col(notice::Column::ReadAt).is_not_null(), Order::Asc)
            .order_by_desc(notice::Column::Id)
            .limit(most)
            .all(self.context.db.read())
            .await?;
        Ok(rows.into_iter().map(notice_row).collect())
    }

    /// Marks a notice as read and says where it leads.
    pub async fn read_notice(&self, actor: &Actor, id: &str) -> Result<Option<String>> {
        retry!(self.try_read_notice(actor, id))
    }

    async fn try_read_notice(&self, actor: &Actor, id: &str) -> Result<Option<String>> {
        let tx = self.context.db.begin().await?;
        let row = notice::Entity::find_by_id(plausible_id(id)?)
            .filter(notice::Column::PersonId.eq(&actor.person_id))
            .one(&tx)
            .await?
            .ok_or(Error::NotFound)?;
        notice::Entity::update_many()
            .col_expr(notice::Column::ReadAt, Expr::value(millis(self.context.clock.now())))
            .filter(notice::Column::Id.eq(&row.id))
            .filter(notice::Column::ReadAt.is_null())
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(row.link)
    }

    pub async fn read_all_notices(&self, actor: &Actor) -> Result<()> {
        retry!(self.try_read_all_notices(actor))
    }

    async fn try_read_all_notices(&self, actor: &Actor) -> Result<()> {
        let tx = self.context.db.begin().await?;
        notice::Entity::update_many()
            .col_expr(notice::Column::ReadAt, Expr::value(millis(self.context.clock.now())))
            .filter(notice::Column::PersonId.eq(&actor.person_id))
            .filter(notice::Column::ReadAt.is_null())
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// What a person chose for a kind of notice, or how it stands for who chose nothing.
pub(crate) fn choice_of(kind: NoticeKind, chosen: Option<&notice_choice::Model>) -> NoticeChoice {
    match chosen {
        Some(row) => NoticeChoice { kind, sms: row.sms, mail: row.mail },
        None => NoticeChoice {
            kind,
            sms: kind.is_told_by_default(Channel::Sms),
            mail: kind.is_told_by_default(Channel::Mail),
        },
    }
}

fn wants(choice: NoticeChoice, way: Channel) -> bool {
    match way {
        Channel::Sms => choice.sms,
        Channel::Mail => choice.mail,
    }
}

/// The place that a person's e-mail address is sealed for.
pub(crate) fn mail_context(person_id: &str, field: &str) -> String {
    format!("mail_address/{person_id}/{field}")
}

/// `u<id>` after an unread notice, `r<id>` after a read one. Anything else is the first page.
fn cursor(after: &str) -> Option<(bool, &str)> {
    let (is_read, id) = match after.strip_prefix('u') {
        Some(id) => (false, id),
        None => (true, after.strip_prefix('r')?),
    };
    Some((is_read, plausible_id(id).ok()?))
}

fn notice_row(row: notice::Model) -> NoticeRow {
    NoticeRow {
        id: row.id,
        text: row.text,
        at: written(instant(row.created_at)),
        is_read: row.read_at.is_some(),
        link: row.link,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use time::Duration;

    use super::*;
    use crate::common::{World, claims};

    claims![
        notices_are_paged_unread_first,
        a_notice_is_read_once_and_says_where_it_leads,
        notices_of_others_do_not_exist,
        a_notice_is_there_only_if_its_transaction_was,
    ];

    async fn tell(world: &World, actor: &Actor, count: usize) {
        for number in 0..count {
            let tx = world.service.parts.context.db.begin().await.unwrap();
            let link = Some(format!("/mine/filings/{number}"));
            world
                .service
                .notices
                .notify(&tx, &actor.person_id, NoticeKind::Other, format!("通知{number}"), link)
                .await
                .unwrap();
            tx.commit().await.unwrap();
        }
    }

    async fn all(world: &World, actor: &Actor, unread_only: bool) -> Vec<NoticeRow> {
        let (mut rows, mut after) = (Vec::new(), String::new());
        loop {
            let page = world.service.notices.notices(actor, unread_only, &after).await.unwrap();
            assert_eq!(page.is_later, !after.is_empty());
            assert!(page.rows.len() <= PAGE);
            rows.extend(page.rows);
            match page.next {
                Some(next) => after = next,
                None => {
                    assert_eq!(page.total as usize, rows.len());
                    return rows;
                }
            }
        }
    }

    async fn notices_are_paged_unread_first(world: World) {
        let actor = world.applicant(1).await;
        assert_eq!(world.service.notices.notices(&actor, false, "").await.unwrap(), Paged::default());
        tell(&world, &actor, 45).await;
        let mut expected: Vec<String> = (0..45).rev().map(|number| format!("通知{number}")).collect();
        let texts = |rows: Vec<NoticeRow>| rows.into_iter().map(|row| row.text).collect::<Vec<_>>();
        let rows = all(&world, &actor, false).await;
        // The newest but one, and every third.
        for row in rows.iter().skip(1).step_by(3) {
            world.service.notices.read_notice(&actor, &row.id).await.unwrap();
        }
        assert_eq!(texts(rows), expected);
        let mut at = 0;
        let (read, unread): (Vec<_>, Vec<_>) = expected.drain(..).partition(|_| {
            at += 1;
            at % 3 == 2
        });
        assert_eq!(texts(all(&world, &actor, true).await), unread);
        assert_eq!(texts(all(&world, &actor, false).await), [unread.clone(), read].concat());
        let latest = world.service.notices.latest_notices(&actor, 3).await.unwrap();
        assert_eq!(texts(latest), unread[..3]);
        for nonsense in ["x", "u", "r'; --", "u019cac46", "\u{0}"] {
            let page = world.service.notices.notices(&actor, false, nonsense).await.unwrap();
            assert_eq!(page.rows[0].text, "通知44", "{nonsense}");
        }
    }

    async fn a_notice_is_read_once_and_says_where_it_leads(world: World) {
        let actor = world.applicant(1).await;
        tell(&world, &actor, 3).await;
        assert_eq!(world.service.accounts.me(&actor).await.unwrap().unread, 3);
        let row = world.service.notices.notices(&actor, true, "").await.unwrap().rows.remove(0);
        assert_eq!((row.at.as_str(), row.is_read), ("2026-03-02 10:00", false));
        let leads = world.service.notices.read_notice(&actor, &row.id).await.unwrap();
        assert_eq!(leads.as_deref(), Some("/mine/filings/2"));
        let read_at = || world.number("SELECT MAX(read_at) FROM notice");
        let first = read_at().await;
        world.later(Duration::minutes(1));
        world.service.notices.read_notice(&actor, &row.id).await.unwrap();
        assert_eq!(read_at().await, first, "when it was first read stays");
        assert_eq!(world.service.accounts.me(&actor).await.unwrap().unread, 2);
        world.service.notices.read_all_notices(&actor).await.unwrap();
        assert_eq!(world.service.accounts.me(&actor).await.unwrap().unread, 0);
        assert_eq!(all(&world, &actor, false).await.len(), 3);
    }

    async fn notices_of_others_do_not_exist(world: World) {
        let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
        tell(&world, &actor, 1).await;
        let row = world.service.notices.notices(&actor, true, "").await.unwrap().rows.remove(0);
        assert!(matches!(world.service.notices.read_notice(&other, &row.id).await, Err(Error::NotFound)));
        assert!(matches!(world.service.notices.read_notice(&other, "1").await, Err(Error::NotFound)));
        world.service.notices.read_all_notices(&other).await.unwrap();
        assert_eq!(all(&world, &other, false).await, []);
        assert_eq!(world.service.accounts.me(&actor).await.unwrap().unread, 1);
    }

    async fn a_notice_is_there_only_if_its_transaction_was(world: World) {
        let actor = world.applicant(1).await;
        let tx = world.service.parts.context.db.begin().await.unwrap();
        world
            .service
            .notices
            .notify(&tx, &actor.person_id, NoticeKind::Other, "没有发生", None)
            .await
            .unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(all(&world, &actor, false).await, []);
    }
}
