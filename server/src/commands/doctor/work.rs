//! How the work goes: what is late, what failed, what was forgotten.

use domain::notice::Channel;
use service::Service;
use service::error::chain;

use super::{Finding, look, well, wrong};

/// Failures of a task in a row before it is more than a hiccup.
const MOST_FAILURES: i64 = 3;

pub async fn all(service: &Service) -> Vec<Finding> {
    let mut findings = vec![administrator(service).await];
    match service.pulses.pulse().await {
        Ok(pulse) => {
            for outbox in &pulse.outbox {
                let about = match outbox.channel {
                    Channel::Sms => "text messages",
                    Channel::Mail => "e-mails",
                };
                let said = match pulse.waits(outbox) {
                    None => format!("none wait, {} were given up", outbox.failed),
                    Some(waits) => format!(
                        "{} wait, the oldest for {} min, {} were given up",
                        outbox.waiting,
                        waits.whole_minutes(),
                        outbox.failed
                    ),
                };
                findings.push(match pulse.is_sending(outbox) {
                    true => well(about, said),
                    false => look(about, format!("{said}: the log says why.")),
                });
            }
            findings.push(match (pulse.last_backup, pulse.is_backed_up()) {
                (Some(_), true) => well("backup", "made within the last day"),
                (Some(at), false) => look(
                    "backup",
                    format!("the last one was made {} h ago: one a day.", (pulse.at - at).whole_hours()),
                ),
                (None, _) => look("backup", "none was ever made of this database: one a day."),
            });
        }
        Err(error) => findings.push(wrong("database", format!("it cannot be read: {}.", chain(&error)))),
    }
    findings.extend(tasks(service).await);
    findings
}

async fn administrator(service: &Service) -> Finding {
    match service.staff.first_administrator().await {
        Ok(state) => match state.warning() {
            None => well("administrator", "there is one"),
            Some(sentence) => look("administrator", format!("{sentence}. `staff appoint` appoints one.")),
        },
        Err(error) => wrong("administrator", format!("{}.", chain(&error))),
    }
}

async fn tasks(service: &Service) -> Vec<Finding> {
    match service.job_leases.failing().await {
        Ok(failing) if failing.is_empty() => vec![well("tasks", "none failed when it ran last")],
        Ok(failing) => failing
            .into_iter()
            .map(|(name, failures, failure)| {
                let said = format!("{name} failed {failures} times in a row: {failure}");
                if failures > MOST_FAILURES { wrong("tasks", said) } else { look("tasks", said) }
            })
            .collect(),
        Err(error) => vec![wrong("tasks", format!("{}.", chain(&error)))],
    }
}
