//! The search of the market.

use super::Answer;
use super::fields::{NEEDS_MAX, age, own_council, unknown};
use crate::{Vacancies, render};
use api::vacancies as proto;
use care::{code_sets, london_date};
use geography::Miles;
use matching::{Criteria, Operator, lowest_grade, search};
use service_kit::page::page_of;
use service_kit::{Caller, Fields, Role};
use tonic::{Request, Response, Status};

/// Kinds of provision that one search may name.
const PROVISIONS_MAX: usize = 10;
/// The farthest that a search may ask for, in tenths of a mile: the length of Great Britain.
const WITHIN_TENTHS_MAX: i64 = 9_999;

impl Vacancies {
    pub(super) fn search(
        &self,
        request: &Request<proto::SearchVacanciesRequest>,
    ) -> Answer<proto::SearchVacanciesResponse> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let criteria = criteria(&caller, form)?;
        let found = self.market.read(|market| search(market, &criteria, caller.at));
        let excluded = found.excluded.iter();
        let excluded = excluded
            .map(|(reason, places)| proto::Excluded { reason: reason.to_string(), places: *places })
            .collect();
        let matches_total = u32::try_from(found.matches.len()).unwrap_or(u32::MAX);
        // A page starts after so many of the best.
        let (matches, next_page_token) = page_of(form, |seen: Option<usize>| {
            let numbered = (1_usize..).zip(found.matches).skip(seen.unwrap_or_default());
            numbered.map(|(number, found)| (number, render::matched(found)))
        })?;
        let response = proto::SearchVacanciesResponse { matches, matches_total, excluded, next_page_token };
        Ok(Response::new(response))
    }
}

fn criteria(caller: &Caller, form: &proto::SearchVacanciesRequest) -> Result<Criteria, Status> {
    let today = london_date(caller.at);
    let mut fields = Fields::new();
    let council = match &caller.role {
        Role::Council(_) | Role::Provider(_) | Role::Service(_) => {
            own_council(&mut fields, caller, &form.council)?
        }
        Role::FrameworkLead(_) => fields.council("council", &form.council),
    };
    let few = fields.at_most("provisions", form.provisions.len(), PROVISIONS_MAX);
    let provisions = fields.codes("provisions", code_sets::PROVISION, &form.provisions, today);
    let age_years = form.age_years.map_or(Some(None), |it| age(&mut fields, "age_years", it).map(Some));
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
        Err(_) => unknown(&mut fields, "operator", form.operator),
    };
    fields.finish(|| {
        few.and(few_needs)?;
        Some(Criteria {
            council: Some(council?),
            provisions: provisions?.into_iter().collect(),
            age_years: age_years?,
            sex: sex?,
            needs: needs?.into_iter().collect(),
            all_needs: form.all_needs,
            solo: form.solo,
            near: near?,
            within: within?,
            grade_at_least: grade_at_least?,
            available_on: available_on?,
            operator: operator?,
        })
    })
}
