//! Verification as a stream: progress, verdicts, summary.

use super::{form, readable, render};
use crate::Audit;
use crate::reader::Reader;
use crate::verify::{Progress, verify as verify_log};
use api::audit::verify_logs_response::Step;
use api::audit::{LogProgress, VerificationSummary, VerifyLogsRequest, VerifyLogsResponse};
use eventlog::LogId;
use service_kit::Fields;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

/// How many logs a request names at most.
const LOGS_MAX: usize = 200;
/// How many messages are on their way to a caller before verification waits for it.
const SENDING_STEPS_MAX: usize = 16;

struct Steps(mpsc::Sender<Result<VerifyLogsResponse, Status>>);

impl Steps {
    /// Says a step; false when nobody listens any more.
    async fn say(&self, step: Step) -> bool {
        self.0.send(Ok(VerifyLogsResponse { step: Some(step) })).await.is_ok()
    }
}

impl Progress for Steps {
    async fn checked(&mut self, log: LogId, checked: u64, total: u64) -> bool {
        let progress = LogProgress { log: log.to_string(), events_checked: checked, events_total: total };
        self.say(Step::Progress(progress)).await
    }
}

pub(super) fn verify(
    audit: &Audit,
    reader: &Reader,
    request: &VerifyLogsRequest,
) -> Result<ReceiverStream<Result<VerifyLogsResponse, Status>>, Status> {
    let logs = logs(audit, reader, request)?;
    let (sender, receiver) = mpsc::channel(SENDING_STEPS_MAX);
    let audit = audit.clone();
    tokio::spawn(async move {
        // Whoever went away meanwhile is not told.
        let _ = run(&audit, &logs, Steps(sender)).await;
    });
    Ok(ReceiverStream::new(receiver))
}

fn logs(audit: &Audit, reader: &Reader, request: &VerifyLogsRequest) -> Result<Vec<LogId>, Status> {
    if request.logs.is_empty() {
        return Ok(audit.logs().into_iter().filter(|log| reader.reads(*log)).collect());
    }
    let mut fields = Fields::new();
    let logs = fields.at_most("logs", request.logs.len(), LOGS_MAX).and_then(|()| {
        let names = request.logs.iter().enumerate();
        // All of them, so that every wrong one is told.
        let logs: Vec<_> =
            names.map(|(i, name)| form::log(&mut fields, &format!("logs[{i}]"), name)).collect();
        logs.into_iter().collect::<Option<Vec<_>>>()
    });
    let mut logs = fields.finish(|| logs)?;
    logs.sort_unstable();
    logs.dedup();
    logs.into_iter().map(|log| readable(reader, log)).collect()
}

async fn run(audit: &Audit, logs: &[LogId], mut steps: Steps) -> Option<()> {
    let _turn = audit.shared.verifications.acquire().await.ok()?;
    let mut summary = VerificationSummary { verified: true, logs: 0, events: 0 };
    for log in logs {
        let verdict = verify_log(&audit.shared, *log, &mut steps).await?;
        summary.verified &= verdict.bad.is_none();
        summary.logs += 1;
        summary.events += verdict.events;
        steps.say(Step::Verdict(render::verdict(&verdict))).await.then_some(())?;
    }
    steps.say(Step::Summary(summary)).await.then_some(())
}
