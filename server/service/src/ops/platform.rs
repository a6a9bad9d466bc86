//! 运行状况: how the platform fares, for whoever keeps it running (系统管理员). It holds nothing of anybody's, so that a look
//! at it is no line of the audit log.

use domain::notice::Channel;
use domain::view::{
    JobRow, Part, PartState, PlatformState, Runs, ServerRow, TaskRow, is_late, size, versions,
};
use migration::Shape;
use time::{Duration, OffsetDateTime};
use tokio::sync::OnceCell;

use crate::base::actor::Actor;
use crate::base::clock::{written, written_with_seconds};
use crate::base::context::handle;
use crate::base::error::Result;
use crate::base::servers::ServerSeen;
use crate::base::watch::{COMMIT, TaskState, UNKNOWN, VERSION};
use crate::files::Files;
use crate::ops::job_leases::{JobLeases, JobSeen};
use crate::ops::pulse::{FilesPulse, Kept, OutboxPulse, Pulse, Pulses, still};
use crate::ops::sign_of_life::{SignOfLife, SignsOfLife, Took};

/// So long a written row or file proves that others can be written.
const PROVEN_FOR: Duration = Duration::seconds(10);
/// So long the shape of the database holds, as for the probes.
const SHAPE_HOLDS: Duration = Duration::seconds(10);
/// More failed sign-ins within an hour are more than people who changed their mind.
const MOST_FAILED: u64 = 30;

handle! {
    /// How the platform fares.
    Platforms {
        files: Files,
        job_leases: JobLeases,
        pulses: Pulses,
        signs_of_life: SignsOfLife,
    } own {
        database: OnceCell<String>,
        shape: Kept<Shape>,
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
        let SignOfLife { row, file } = self.signs_of_life.give(PROVEN_FOR).await;
        let pulse = self.pulses.pulse().await?;
        let files = self.pulses.files().await?;
        let shape = self.shape(now).await?;
        let jobs = self.job_leases.jobs(actor).await?;
        let servers = self.servers(&jobs);
        let tasks = self.tasks(&jobs, now);
        let parts = vec![
            self.of_database(row),
            self.of_files(file, files),
            of_servers(&servers),
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
        Ok(PlatformState { at: written_with_seconds(now), parts, servers, tasks, versions })
    }

    /// It changes only while somebody upgrades.
    async fn shape(&self, now: OffsetDateTime) -> Result<Shape> {
        let mut kept = self.shape.lock().await;
        if let Some(shape) = still(&kept, now, SHAPE_HOLDS) {
            return Ok(shape);
        }
        let shape = self.context.db.shape().await?;
        *kept = Some((now, shape.clone()));
        Ok(shape)
    }

    /// Kind and version.
    async fn database(&self) -> Result<String> {
        self.database.get_or_try_init(|| self.context.db.version()).await.cloned()
    }

    /// All that work on the database.
    fn servers(&self, jobs: &[JobSeen]) -> Vec<ServerRow> {
        let row = |server: ServerSeen| {
            let has = |job: &&JobSeen| job.holder.as_deref() == Some(server.id.as_str());
            ServerRow {
                jobs: jobs.iter().filter(has).map(|job| job.name.clone()).collect(),
                id: tail(&server.id).to_owned(),
                version: server.version,
                started: written(server.started_at),
                is_alive: server.is_alive,
                is_this: server.is_this,
            }
        };
        self.context.servers.seen(VERSION).into_iter().map(row).collect()
    }

    /// What this server does, and what others do as they have written it down; by their names.
    fn tasks(&self, jobs: &[JobSeen], now: OffsetDateTime) -> Vec<TaskRow> {
        let watch = &self.context.watch;
        let job = |name: &str| jobs.iter().find(|job| job.name == name);
        let here = watch.tasks().into_iter().map(|(name, task)| self.task_here(name, &task, job(name), now));
        let elsewhere = watch.tasks_elsewhere().into_iter();
        let elsewhere =
            elsewhere.filter_map(|(name, period)| Some(self.job_elsewhere(period, job(name)?, now)));
        let mut tasks: Vec<TaskRow> = here.chain(elsewhere).collect();
        tasks.sort_by(|one, other| one.name.cmp(&other.name));
        tasks
    }

    fn task_here(&self, name: &str, task: &TaskState, job: Option<&JobSeen>, now: OffsetDateTime) -> TaskRow {
        let since = now - task.last_success.unwrap_or(self.context.watch.started());
        // What is not written down yet, or cannot be, is known here; what went before the start stands in the row.
        let last_success = task.last_success.or(job.and_then(|job| job.well_at));
        let failures = job.map_or(0, |job| u32::try_from(job.failures).unwrap_or(u32::MAX));
        TaskRow {
            name: name.to_owned(),
            period_seconds: task.period.as_secs(),
            last_success: last_success.map(written_with_seconds),
            is_late: is_late(since.whole_seconds(), task.period.as_secs()),
            failures_in_a_row: task.failures_in_a_row.max(failures),
            runs: Some(Runs {
                succeeded: task.succeeded,
                failed: task.failed,
                last_milliseconds: milliseconds(task.last_took),
            }),
            job: job.map(job_row),
        }
    }

    fn job_elsewhere(&self, period: std::time::Duration, job: &JobSeen, now: OffsetDateTime) -> TaskRow {
        let since = now - job.well_at.unwrap_or(self.context.watch.started());
        TaskRow {
            name: job.name.clone(),
            // A success is written down once a minute.
            is_late: is_late(since.whole_seconds(), period.as_secs().max(60)),
            period_seconds: period.as_secs(),
            last_success: job.well_at.map(written_with_seconds),
            failures_in_a_row: u32::try_from(job.failures).unwrap_or(u32::MAX),
            runs: None,
            job: Some(job_row(job)),
        }
    }

    fn of_database(&self, row: Took) -> PartState {
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

    fn of_files(&self, file: Took, FilesPulse { files, bytes }: FilesPulse) -> PartState {
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

fn job_row(job: &JobSeen) -> JobRow {
    JobRow {
        holder: job.holder.as_deref().filter(|_| job.is_held).map(|id| tail(id).to_owned()),
        is_wanted: job.is_wanted,
        last_failure: job.failed_at.map(written_with_seconds),
        failure: job.failure.clone(),
    }
}

/// The end of an id is what differs between servers that began together.
fn tail(id: &str) -> &str {
    id.get(id.len().saturating_sub(6)..).unwrap_or(id)
}

fn milliseconds(took: std::time::Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

fn proven(took: Took, what: &str) -> String {
    match took {
        Some(took) => format!("写入{what}用时 {} 毫秒", milliseconds(took).max(1)),
        None => format!("不能写入{what}"),
    }
}

fn of_servers(servers: &[ServerRow]) -> PartState {
    let silent = servers.iter().filter(|server| !server.is_alive).count();
    let versions = versions(servers);
    let silent_said = match silent {
        0 => "都在运行".to_owned(),
        silent => format!("其中 {silent} 台无响应"),
    };
    let version_said = match versions.as_slice() {
        [version] => format!("程序版本 {version}"),
        versions => format!("程序版本不一致：{}", versions.join("、")),
    };
    let said = match servers.len() {
        1 => format!("1 台，{version_said}"),
        all => format!("{all} 台，{silent_said}；{version_said}"),
    };
    PartState { part: Part::Servers, is_well: silent == 0 && versions.len() == 1, said }
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
    use crate::base::servers::About;
    use crate::common::*;

    claims![
        only_a_keeper_sees_it_and_sees_what_is_not_well,
        the_figures_are_those_of_the_rows,
        each_server_is_listed_with_its_version_and_its_jobs,
    ];

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
        assert_eq!(state.parts.len(), 9);

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

    async fn each_server_is_listed_with_its_version_and_its_jobs(world: World) {
        let (keeper, here) = (keeper(&world).await, &world.service);
        let minute = std::time::Duration::from_secs(60);
        here.watch.task_known("replica", minute);
        for job in ["counts", "sweep"] {
            here.watch.task_known(job, minute);
            here.watch.task_is_here(job, false);
        }
        here.job_leases.take_free(&["counts", "sweep"]).await.unwrap();
        here.watch.task_is_here("counts", true);
        here.job_leases.want(&keeper, "sweep").await.unwrap();
        let run = here.job_leases.begin("counts");
        here.job_leases.note(&run, Err("no such table".to_owned()), None).await.unwrap();

        let state = here.platforms.platform_state(&keeper).await.unwrap();
        let [server] = state.servers.as_slice() else { panic!("{:?}", state.servers) };
        assert_eq!((server.version.as_str(), server.is_alive, server.is_this), (VERSION, true, true));
        assert_eq!(server.jobs, ["counts", "sweep"]);
        let [counts, replica, sweep] = state.tasks.as_slice() else { panic!("{:?}", state.tasks) };
        assert_eq!(
            (replica.name.as_str(), &replica.job),
            ("replica", &None),
            "each server does it for itself"
        );
        let (counts_job, sweep_job) = (counts.job.as_ref().unwrap(), sweep.job.as_ref().unwrap());
        assert_eq!(counts_job.holder.as_ref(), Some(&server.id));
        assert_eq!((counts.failures_in_a_row, counts_job.failure.as_str()), (1, "no such table"));
        assert_eq!(counts_job.last_failure, Some(written_with_seconds(world.now())));
        assert!(!counts_job.is_wanted && sweep_job.is_wanted);
        assert_eq!((counts.runs.is_some(), sweep.runs), (true, None));
        if world.is_sqlite() {
            return;
        }

        let about = |version: &str| About { version: version.to_owned(), sections: Default::default() };
        let there = world.restarted().await;
        there.servers.join(&about("9.9.9"), there.now()).await.unwrap().unwrap();
        here.servers.beat(&about(VERSION), here.now()).await.unwrap();
        let state = here.platforms.platform_state(&keeper).await.unwrap();
        let seen: Vec<_> = state.servers.iter().map(|one| (one.version.as_str(), one.jobs.len())).collect();
        assert_eq!(seen, [(VERSION, 2), ("9.9.9", 0)]);
        assert!(ailing(&state).contains(&Part::Servers), "an upgrade that is not over");
        let said = &state.parts.iter().find(|part| part.part == Part::Servers).unwrap().said;
        assert!(said.starts_with("2 台，都在运行；程序版本不一致："), "{said}");
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
