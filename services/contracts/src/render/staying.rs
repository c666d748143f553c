//! Notices and Staying Put, as each side sees them.

use super::{Viewer, date_or_empty};
use api::contracts as proto;
use care::published::{EndingSteps, NoticeBy};
use care::{AgreementId, Pence};
use contracts_domain::Agreements;
use contracts_domain::agreements::{Agreement, Notice, StayingPut};
use service_kit::terms::lines_shown;
use service_kit::{agreement_name, timestamp};

/// Which of an agreement's notices is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    /// The one of this number.
    Number(u32),
    /// The last that this side gave.
    LastBy(NoticeBy),
}

/// A notice of an agreement after a change to it.
pub(crate) fn notice_after(
    state: &Agreements,
    id: AgreementId,
    which: Which,
    viewer: Viewer,
) -> proto::PlacementNotice {
    let wanted = |notice: &&Notice| match which {
        Which::Number(number) => notice.given.notice == number,
        Which::LastBy(by) => notice.given.by == by,
    };
    let found = state.agreements.get(&id).and_then(|agreement| {
        let notice = agreement.notices.iter().rev().find(wanted)?;
        Some(render_notice(agreement, notice, viewer))
    });
    found.unwrap_or_default()
}

pub(crate) fn notice_state(agreement: &Agreement, notice: &Notice) -> proto::NoticeState {
    match (&notice.withdrawn_at, &agreement.ended) {
        (Some(_), _) => proto::NoticeState::Withdrawn,
        (None, Some(_)) => proto::NoticeState::Ended,
        (None, None) => proto::NoticeState::Standing,
    }
}

pub(crate) fn notice_side(by: NoticeBy) -> proto::NoticeSide {
    match by {
        NoticeBy::Provider => proto::NoticeSide::Provider,
        NoticeBy::Council => proto::NoticeSide::Council,
    }
}

pub(crate) fn render_notice(
    agreement: &Agreement,
    notice: &Notice,
    viewer: Viewer,
) -> proto::PlacementNotice {
    let given = &notice.given;
    let steps = given.steps.as_ref().filter(|_| viewer == Viewer::Council);
    let short =
        |why: &String| proto::ShortNotice { why: why.clone(), agreed_on: date_or_empty(given.agreed_on) };
    proto::PlacementNotice {
        name: format!("{}/notices/{}", agreement_name(given.council, given.agreement), given.notice),
        side: notice_side(given.by).into(),
        state: notice_state(agreement, notice).into(),
        reason: given.reason.clone(),
        given_on: given.given_on.to_string(),
        last_day: given.last_day.to_string(),
        short_notice: given.short.as_ref().map(short),
        steps: steps.map(steps_shown),
        record_time: Some(timestamp(given.at)),
        withdraw_time: notice.withdrawn_at.map(timestamp),
        agreement_claimed: given.agreed_on.is_some(),
    }
}

fn steps_shown(steps: &EndingSteps) -> proto::EndingSteps {
    proto::EndingSteps {
        reviewed_on: date_or_empty(steps.reviewed_on),
        iro_told_on: date_or_empty(steps.iro_told_on),
        alternative_arranged_on: date_or_empty(steps.alternative_arranged_on),
        written_notice_on: date_or_empty(steps.written_notice_on),
    }
}

pub(super) fn staying_put(it: &StayingPut) -> proto::StayingPut {
    proto::StayingPut {
        from: it.from.to_string(),
        lines: lines_shown(&it.lines),
        weekly_pence: it.lines.iter().map(|line| line.weekly).sum::<Pence>().0,
        ended_on: date_or_empty(it.ended),
    }
}
