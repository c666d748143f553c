//! The search of the market.

use super::Answer;
use super::fields::{NEEDS_MAX, age, own_council, unknown};
use crate::{Vacancies, render};
use api::vacancies as proto;
use care::{CouncilId, Date, code_sets, london_date};
use geography::Miles;
use matching::{Criteria, Operator, lowest_grade};
use service_kit::page::{PAGE_SIZE_MAX, page_of};
use service_kit::{Caller, Fields, Role};
use std::collections::BTreeSet;
use tonic::{Request, Response, Status};

/// Kinds of provision that one search may name.
const PROVISIONS_MAX: usize = 10;
/// The farthest that a search may ask for, in tenths of a mile: the length of Great Britain.
const WITHIN_TENTHS_MAX: i64 = 9_999;

impl Vacancies {
    pub(super) async fn search(
        &self,
        request: Request<proto::SearchVacanciesRequest>,
    ) -> Answer<proto::SearchVacanciesResponse> {
        let caller = Caller::of(&request)?;
        let form = request.get_ref();
        let criteria = criteria(&caller, form)?;
        let (mut matches_total, mut excluded) = (0, Vec::new());
        let page = self.indexed(|index, _, _| {
            // A page starts after so many of the best. One more than it holds tells whether there is another.
            page_of(form, |seen: Option<usize>| {
                let seen = seen.unwrap_or_default();
                let found = index.search(&criteria, caller.at, seen.saturating_add(PAGE_SIZE_MAX + 1));
                let counted = found.excluded.iter();
                let counted = counted
                    .map(|(rule, places)| proto::Excluded { reason: rule.to_string(), places: *places });
                (matches_total, excluded) = (found.matches_total, counted.collect());
                let numbered = (1_usize..).zip(found.matches).skip(seen);
                numbered.map(|(number, found)| (number, render::matched(found)))
            })
        });
        let (matches, next_page_token) = page.await??;
        let response = proto::SearchVacanciesResponse { matches, matches_total, excluded, next_page_token };
        Ok(Response::new(response))
    }
}

fn criteria(caller: &Caller, form: &proto::SearchVacanciesRequest) -> Result<Criteria, Status> {
    let mut fields = Fields::new();
    let council = searching(&mut fields, caller, &form.council)?;
    let criteria = asked(&mut fields, council, form, london_date(caller.at));
    fields.finish(|| criteria)
}

/// The council for whom is searched: the caller's own, or any that a framework lead names.
pub(super) fn searching(
    fields: &mut Fields,
    caller: &Caller,
    council: &str,
) -> Result<Option<CouncilId>, Status> {
    match &caller.role {
        Role::Council(_) | Role::Provider(_) | Role::Service(_) => own_council(fields, caller, council),
        Role::FrameworkLead(_) => Ok(fields.council("council", council)),
    }
}

/// What is asked for, but for the council and the page.
pub(super) fn asked(
    fields: &mut Fields,
    council: Option<CouncilId>,
    form: &proto::SearchVacanciesRequest,
    today: Date,
) -> Option<Criteria> {
    let few = fields.at_most("provisions", form.provisions.len(), PROVISIONS_MAX);
    let provisions = fields.codes("provisions", code_sets::PROVISION, &form.provisions, today);
    let age_years = form.age_years.map_or(Some(None), |it| age(fields, "age_years", it).map(Some));
    let sex = match form.sex.as_str() {
        "" => Some(None),
        sex => fields.code("sex", code_sets::SEX, sex, today).map(Some),
    };
    let few_needs = fields.at_most("needs", form.needs.len(), NEEDS_MAX);
    let needs = fields.codes("needs", code_sets::NEED, &form.needs, today);
    let near = fields.parse_optional("near", &form.near);
    if form.within_tenths_of_mile.is_some() && form.near.is_empty() {
        fields.violation("near", "must be given: within_tenths_of_mile is measured from it");
    }
    let within = form.within_tenths_of_mile.map_or(Some(None), |tenths| {
        let tenths = fields.number("within_tenths_of_mile", tenths, 0..=WITHIN_TENTHS_MAX);
        tenths.map(|tenths| Some(Miles { tenths }))
    });
    let grade_at_least = match form.grade_at_least.as_str() {
        "" => Some(None),
        grade => fields.check("grade_at_least", lowest_grade(grade)).map(Some),
    };
    let available_on = fields.date_optional("available_on", &form.available_on);
    let operator = match proto::Operator::try_from(form.operator) {
        Ok(proto::Operator::Unspecified) => Some(Operator::Any),
        Ok(proto::Operator::InHouse) => Some(Operator::InHouse),
        Ok(proto::Operator::External) => Some(Operator::External),
        Err(_) => unknown(fields, "operator", form.operator),
    };
    few.and(few_needs)?;
    let council = council?;
    Some(Criteria {
        council: Some(council),
        provisions: provisions?.into_iter().collect(),
        age_years: age_years?,
        sex: sex?,
        needs: needs?.into_iter().collect(),
        all_needs: form.all_needs,
        solo: form.solo,
        near: near?,
        within: within?,
        avoid_areas: BTreeSet::new(),
        home: None,
        centre: council.council().centre.parse().ok(),
        grade_at_least: grade_at_least?,
        // A first night that has passed is tonight.
        available_on: available_on?.map(|night| night.max(today)),
        operator: operator?,
    })
}
