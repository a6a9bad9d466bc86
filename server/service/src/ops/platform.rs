//! 运行状况: how the platform fares, for whoever keeps it running (系统管理员). It holds nothing of anybody's, so that a look
//! at it is no line of the audit log.

use domain::notice::Channel;
use domain::view::{Part, PartState, PlatformState, TaskRow, is_late, size};
use migration::Shape;
use sea_orm::EntityTrait;
use time::{Duration, OffsetDateTime};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::base::actor::Actor;
use crate::base::clock::written;
use crate::base::context::handle;
use crate::base::db::instant;
use crate::base::entity::job;
use crate::base::error::Result;
use crate::base::patience::within_patience;
use crate::base::watch::{COMMIT, UNKNOWN, VERSION};
use crate::files::Files;
use crate::ops::pulse::{FilesPulse, Kept, OutboxPulse, Pulse, Pulses, still};

/// So long a written row or file proves that others can be written.
const PROVEN_FOR: Duration = Duration::seconds(10);
/// More failed sign-ins within an hour are more than people who changed their mind.
const MOST_FAILED: u64 = 30;

/// How long writing took; none where it failed.
type Proof = Option<std::time::Duration>;

handle! {
    /// How the platform fares.
    Platforms {
        files: Files,
        pulses: Pulses,
    } own {
        proofs: Kept<[Proof; 2]>,
        database: OnceCell<String>,
    }
}

impl Platforms {
    /// Everything that is to be known of it.
    ///
    /// # Errors
    /// `Forbidden` for who does not keep the platform; when the database cannot be read.
    pub async fn platform_state(&self, actor: &Actor) -> Result<PlatformState> {
        actor.must_keep()?;
        let now = self.context.clock.now();
        let [row, file] = self.proofs().await;
        let pulse = self.pulses.pulse().await?;
        let files = self.pulses.files().await?;
        let shape = self.context.db.shape().await?;
        let mut tasks = self.tasks(now);
        tasks.extend(self.tasks_elsewhere(now).await?);
        tasks.sort_by(|one, other| one.name.cmp(&other.name));
        let parts = vec![
            self.of_database(row),
            self.of_files(file, files),
            of_tasks(&tasks),
            of_outbox(&pulse, Channel::Sms, Part::Sms),
            of_outbox(&pulse, Channel::Mail, Part::Mail),
            of_backup(&pulse),
            self.of_sign_ins(),
            of_shape(&shape),
        ];
        let versions = [
            ("程序版本", VERSION.to_owned()),
            ("构建自", if COMMIT == UNKNOWN { "未注明".to_owned() } else { COMMIT.to_owned() }),
            ("数据库", self.database().await?),
            ("本服务器启动于", written(self.context.watch.started())),
            ("在线会话", pulse.sessions.to_string()),
            ("审计日志末行", pulse.audit_head.to_string()),
        ];
        let versions = versions.map(|(what, which)| (what.to_owned(), which)).into();
        Ok(PlatformState { at: written(now), parts, tasks, versions })
    }

    /// Writes a row and a file, unless that was done a moment ago.
    async fn proofs(&self) -> [Proof; 2] {
        let mut kept = self.proofs.lock().await;
        let now = self.context.clock.now();
        if let Some(proofs) = still(&kept, now, PROVEN_FOR) {
            return proofs;
        }
        let row = timed("no row can be written", self.context.db.give_sign_of_life());
        let file = timed("no file can be written", self.files.store.give_sign_of_life());
        let (row, file) = tokio::join!(row, file);
        *kept = Some((now, [row, file]));
        [row, file]
    }

    /// Kind and version.
    async fn database(&self) -> Result<String> {
        self.database.get_or_try_init(|| self.context.db.version()).await.cloned()
    }

    /// Those of this server.
    fn tasks(&self, now: OffsetDateTime) -> Vec<TaskRow> {
        let started = self.context.watch.started();
        let row = |(name, task): (&'static str, crate::base::watch::TaskState)| {
            let since = now - task.last_success.unwrap_or(started);
            TaskRow {
                server: "本服务器".to_owned(),
                name: name.to_owned(),
                period_seconds: task.period.as_secs(),
                last_success: task.last_success.map(written),
                is_late: is_late(since.whole_seconds(), task.period.as_secs()),
                failures_in_a_row: task.failures_in_a_row,
                succeeded: task.succeeded,
                failed: task.failed,
                last_milliseconds: milliseconds(task.last_took),
            }
        };
        self.context.watch.tasks().into_iter().map(row).collect()
    }

    /// What other servers do, as they have written it down.
    async fn tasks_elsewhere(&self, now: OffsetDateTime) -> Result<Vec<TaskRow>> {
        let elsewhere = self.context.watch.tasks_elsewhere();
        if elsewhere.is_empty() {
            return Ok(Vec::new());
        }
        let started = self.context.watch.started();
        let rows = job::Entity::find().all(self.context.db.read()).await?;
        let row = |row: job::Model| {
            let period = elsewhere.get(row.name.as_str())?.as_secs();
            let last_success = row.well_at.map(instant);
            let since = now - last_success.unwrap_or(started);
            Some(TaskRow {
                // The end of an id is what differs between servers that began together.
                server: row.holder.map_or_else(|| "无".to_owned(), |id| format!("服务器 {}", tail(&id))),
                // A success is written down once a minute.
                is_late: is_late(since.whole_seconds(), period.max(60)),
                period_seconds: period,
                last_success: last_success.map(written),
                failures_in_a_row: u32::try_from(row.failures).unwrap_or(u32::MAX),
                succeeded: 0,
                failed: 0,
                last_milliseconds: 0,
                name: row.name,
            })
        };
        Ok(rows.into_iter().filter_map(row).collect())
    }

    fn of_database(&self, row: Proof) -> PartState {
        let pools = self.context.db.pools().into_iter().map(|pool| {
            let name = match pool.name {
                "writer" => "写连接",
                "reader" => "读连接",
                _ => "连接",
            };
            format!("{name}在用 {}，最多 {}", pool.in_use, pool.most)
        });
        let pools: Vec<String> = pools.collect();
        let said = format!("{}；{}", proven(row, "一行"), pools.join("，"));
        PartState { part: Part::Database, is_well: row.is_some(), said }
    }

    fn of_files(&self, file: Proof, FilesPulse { files, bytes }: FilesPulse) -> PartState {
        let place = if self.files.store.is_local() { "本机目录" } else { "对象存储" };
        let said =
            format!("{place}，{}；记录在册 {files} 个文件，共 {}", proven(file, "一个文件"), size(bytes));
        PartState { part: Part::Files, is_well: file.is_some(), said }
    }

    fn of_sign_ins(&self) -> PartState {
        let [hour, day] =
            [Duration::hours(1), Duration::days(1)].map(|within| self.context.watch.failed_sign_ins(within));
        let said = format!("近 1 小时 {hour} 次，近 24 小时 {day} 次（本服务器启动以来）");
        PartState { part: Part::SignIns, is_well: hour <= MOST_FAILED, said }
    }
}

async fn timed<E: std::error::Error + 'static>(
    failed: &'static str,
    write: impl Future<Output = Result<(), E>>,
) -> Proof {
    let begun = Instant::now();
    within_patience(failed, write).await.map(|()| begun.elapsed())
}

fn tail(id: &str) -> &str {
    id.get(id.len().saturating_sub(6)..).unwrap_or(id)
}

fn milliseconds(took: std::time::Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

fn proven(took: Proof, what: &str) -> String {
    match took {
        Some(took) => format!("写入{what}用时 {} 毫秒", milliseconds(took).max(1)),
        None => format!("不能写入{what}"),
    }
}

fn of_tasks(tasks: &[TaskRow]) -> PartState {
    let ailing: Vec<&str> = tasks.iter().filter(|task| !task.is_well()).map(TaskRow::label).collect();
    let said = match (tasks.len(), ailing.as_slice()) {
        (all, []) => format!("{all} 项，都按时完成"),
        (all, ailing) => format!("{all} 项，其中未能完成的：{}", ailing.join("、")),
    };
    PartState { part: Part::Tasks, is_well: ailing.is_empty(), said }
}

fn of_outbox(pulse: &Pulse, channel: Channel, part: Part) -> PartState {
    let none = OutboxPulse { channel, waiting: 0, oldest: None, failed: 0 };
    let outbox = pulse.outbox.iter().find(|outbox| outbox.channel == channel).unwrap_or(&none);
    let oldest = pulse.waits(outbox).map(|waits| format!("，最久的已等待 {} 分钟", waits.whole_minutes()));
    let said =
        format!("待发送 {} 条{}，放弃 {} 条", outbox.waiting, oldest.unwrap_or_default(), outbox.failed);
    PartState { part, is_well: pulse.is_sending(outbox), said }
}

fn of_backup(pulse: &Pulse) -> PartState {
    let said = match pulse.last_backup {
        None => "还没有做过备份".to_owned(),
        Some(at) => format!("上次完成于 {}", written(at)),
    };
    PartState { part: Part::Backup, is_well: pulse.is_backed_up(), said }
}

fn of_shape(shape: &Shape) -> PartState {
    let (is_well, said) = match shape {
        Shape::Known => (true, "与程序相符".to_owned()),
        Shape::Older(missing) => (false, format!("比程序旧，缺少 {} 步", missing.len())),
        Shape::Newer(unknown) => (false, format!("比程序新，多出 {} 步", unknown.len())),
    };
    PartState { part: Part::Shape, is_well, said }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::base::error::Error;
    use crate::common::*;

    claims![only_a_keeper_sees_it_and_sees_what_is_not_well, the_figures_are_those_of_the_rows];

    async fn keeper(world: &World) -> Actor {
        let actor = world.applicant(1).await;
        Actor::of(actor.person_id, actor.session_id, vec![crate::Role::Keeper])
    }

    fn ailing(state: &PlatformState) -> Vec<Part> {
        state.ailing().map(|part| part.part).collect()
    }

    async fn only_a_keeper_sees_it_and_sees_what_is_not_well(world: World) {
        let platforms = &world.service.platforms;
        for other in [world.applicant(2).await, world.officer("110101").await, world.administrator().await] {
            assert!(matches!(platforms.platform_state(&other).await, Err(Error::Forbidden)));
        }
        let keeper = keeper(&world).await;
        let minute = std::time::Duration::from_secs(60);
        let watch = &world.service.watch;
        watch.task_known("counts", minute);
        watch.task_ended("counts", true, minute);
        let state = platforms.platform_state(&keeper).await.unwrap();
        assert_eq!(ailing(&state), [Part::Backup], "{state:?}");
        assert_eq!(state.parts.len(), 8);

        world.execute("INSERT INTO counter (name, value) VALUES ('backup/last', 0)").await;
        for _ in 0..3 {
            watch.task_ended("counts", false, minute);
        }
        for _ in 0..31 {
            watch.sign_in_ended("stale");
        }
        world.later(Duration::seconds(11));
        let state = platforms.platform_state(&keeper).await.unwrap();
        assert_eq!(ailing(&state), [Part::Tasks, Part::Backup, Part::SignIns]);
        let said = |part| &state.parts.iter().find(|state| state.part == part).unwrap().said;
        assert!(said(Part::Tasks).contains("看板计数"));
        assert!(said(Part::Backup).contains("1970-01-01"));
        assert!(said(Part::SignIns).starts_with("近 1 小时 31 次"));
    }

    async fn the_figures_are_those_of_the_rows(world: World) {
        let who = world.applicant(1).await;
        world.picture(&who, 1).await;
        world.document(&who).await;
        let pulses = &world.service.pulses;
        let bytes = world.number("SELECT CAST(SUM(size) AS BIGINT) FROM upload").await;
        let files = pulses.files().await.unwrap();
        assert_eq!((files.files, files.bytes), (2, u64::try_from(bytes).unwrap()));

        let mut pulse = pulses.pulse().await.unwrap();
        assert_eq!(pulse.sessions, 1);
        assert_eq!(
            pulse.audit_head,
            u64::try_from(world.number("SELECT MAX(seq) FROM audit").await).unwrap()
        );
        assert_eq!((pulse.queues.len(), pulse.queues.iter().map(|queue| queue.open).sum::<u64>()), (34, 0));
        world.in_force(&who, "figures.cn").await;
        let answers = world.website_answers(&who, "waits.cn").await;
        let site = world.file(&who, "website_new", None, &answers).await;
        world.later(Duration::seconds(11));
        pulse = pulses.pulse().await.unwrap();
        let beijing = pulse.queues.iter().find(|queue| queue.region == "110000").unwrap();
        assert_eq!((beijing.open, beijing.overdue), (1, 0), "{site:?}");
        let age = pulse.at - beijing.oldest.unwrap();
        assert!(age >= Duration::ZERO && age < Duration::days(2), "{age}");
    }
}
