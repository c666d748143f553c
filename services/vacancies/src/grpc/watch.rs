//! Watching the market for a standing need.

use super::Answer;
use super::fields::age;
use super::search::{asked, searching};
use crate::Vacancies;
use crate::watch::{BEHIND_EVENTS_MAX, Heard, StandingNeed, Watcher};
use api::vacancies as proto;
use care::{CouncilId, london_date};
use service_kit::{Caller, Fields, Told, refused};
use std::collections::BTreeSet;
use tonic::{Code, Request, Response, Status};

/// Authorities that one need may name.
const UTLAS_MAX: usize = 20;
type Watching = Told<proto::WatchVacanciesResponse>;

impl Vacancies {
    pub(super) fn watch(&self, request: &Request<proto::WatchVacanciesRequest>) -> Answer<Watching> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let need = need(&caller, form)?;
        let after = self.heard(&caller, form)?;
        let admission = self.watchers.calls.admit_watcher(&caller, "watch the market")?;
        let told = self
            .watchers
            .calls
            .answer(admission, |teller| Watcher::new(self.clone(), need, teller).tell(after));
        Ok(Response::new(told))
    }

    /// Up to where the caller has heard. Insists that it is a position of this log, and not so old that all had better be told anew.
    fn heard(&self, caller: &Caller, form: &proto::WatchVacanciesRequest) -> Result<Option<Heard>, Status> {
        let head = self.market.head();
        let mut fields = Fields::new();
        let at = fields.instant("after_time", form.after_time.as_ref());
        if at.flatten().is_some_and(|at| at > caller.at) {
            fields.violation("after_time", "has not come yet: give the `as_of` that was heard last");
        }
        if form.after_time.is_some() && form.after_position.is_none() {
            fields.violation("after_position", "must be given with after_time");
        }
        if let Some(after) = form.after_position.filter(|after| *after > head) {
            fields.violation(
                "after_position",
                format!("{after} is beyond the market's log, which has {head} events"),
            );
        }
        let at = fields.finish(|| at)?;
        let Some(position) = form.after_position else { return Ok(None) };
        if head.saturating_sub(position) > BEHIND_EVENTS_MAX {
            let message = format!(
                "{} events have happened since position {position}: begin anew, without after_position",
                head - position
            );
            return Err(refused(Code::OutOfRange, "POSITION_TOO_OLD", message, []));
        }
        Ok(Some(Heard { position, at }))
    }
}

fn need(caller: &Caller, form: &proto::WatchVacanciesRequest) -> Result<StandingNeed, Status> {
    let mut fields = Fields::new();
    let council = searching(&mut fields, caller, &form.council)?;
    let need = form.need.clone().unwrap_or_default();
    let today = london_date(caller.at);
    let question = fields.beneath("need", |fields| {
        for (field, given) in [
            ("council", !need.council.is_empty()),
            ("page_size", need.page_size != 0),
            ("page_token", !need.page_token.is_empty()),
            ("age_years", need.age_years.is_some() && form.age_from.is_some()),
        ] {
            if given {
                fields.violation(field, "must be left empty here");
            }
        }
        asked(fields, council, &need, today)
    });
    let ages = match (form.age_from, form.age_to) {
        (None, None) => Some(None),
        (Some(from), Some(to)) => {
            let (from, to) = (age(&mut fields, "age_from", from), age(&mut fields, "age_to", to));
            let ages = from.zip(to).map(|(from, to)| from..=to);
            if ages.as_ref().is_some_and(std::ops::RangeInclusive::is_empty) {
                fields.violation("age_to", "must not be below age_from");
            }
            ages.map(Some)
        }
        _ => {
            fields.violation("age_to", "age_from and age_to go together: give both, or neither");
            None
        }
    };
    let few = fields.at_most("utlas", form.utlas.len(), UTLAS_MAX);
    let utlas: Vec<Option<CouncilId>> = match few {
        None => Vec::new(),
        Some(()) => {
            (0..).zip(&form.utlas).map(|(i, utla)| fields.parse(&format!("utlas[{i}]"), utla)).collect()
        }
    };
    fields.finish(|| {
        few?;
        let (question, ages) = (question?, ages?);
        let utlas = utlas.into_iter().collect::<Option<Vec<_>>>()?;
        let questions = match ages {
            None => vec![question],
            Some(ages) => {
                let of_age = |age| matching::Criteria { age_years: Some(age), ..question.clone() };
                ages.map(of_age).collect()
            }
        };
        let utlas: BTreeSet<String> = utlas.into_iter().map(|utla| utla.to_string()).collect();
        Some(StandingNeed { questions, utlas })
    })
}
