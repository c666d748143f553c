//! Methods by which the framework lead imports a date of the regulator's register, and by which anybody sees what it changed.

use super::Answer;
use super::register::{Located, read_entry};
use crate::Vacancies;
use api::vacancies as proto;
use care::market::{Import, Listed, ListingChange, MarketEvent, NotTaken};
use care::{Date, london_date};
use service_kit::page::page_of;
use service_kit::{Caller, Fields, establishment_name, not_found, provider_name, run_command, timestamp};
use std::collections::{BTreeMap, BTreeSet};
use tonic::{Request, Response};
use vacancies_domain::{Command, RegisterPart, RegisterRow};

/// Rows that could not be taken, told with the last page of changes.
const NOT_TAKEN_MAX: usize = 500;
/// Characters of a provider's name.
const NAME_CHARS_MAX: usize = 200;

impl Vacancies {
    pub(super) async fn read_part(
        &self,
        request: Request<proto::ReadRegisterPartRequest>,
    ) -> Answer<proto::ReadRegisterPartResponse> {
        let caller = Caller::of(&request)?;
        caller.require_lead()?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let as_of = past_date(&mut fields, &caller, &form.as_of);
        if form.rows.is_empty() {
            fields.violation("rows", "must be given");
        }
        let few = fields.at_most("rows", form.rows.len(), Command::REGISTER_ROWS_MAX);
        let mut named = BTreeSet::new();
        let rows = few.and_then(|()| {
            let rows = form.rows.iter().enumerate().map(|(index, it)| {
                fields.beneath(&format!("rows[{index}]"), |fields| {
                    let row = row(fields, &caller, it)?;
                    if named.insert(row.entry.urn.clone()) {
                        return Some(row);
                    }
                    fields.violation("urn", "is named by a row before");
                    None
                })
            });
            // Every row is read, so that all that is wrong is told at once.
            let rows: Vec<Option<RegisterRow>> = rows.collect();
            rows.into_iter().collect::<Option<Vec<_>>>()
        });
        check_sha256(&mut fields, &form.file_sha256);
        let file_sha256 = form.file_sha256.clone();
        let part = fields
            .finish(|| Some(RegisterPart { as_of: as_of?, file_sha256, rows: rows?, at: caller.at }))?;
        let command = Command::ReadRegisterPart(part);
        run_command(&self.market, &caller, &form, &form.request_id, command, |_, events| {
            let read = events.iter().find_map(|event| match event {
                MarketEvent::RegisterPartRead(read) => Some(read),
                _ => None,
            });
            read.map(|read| proto::ReadRegisterPartResponse {
                changes: read.changes.iter().map(change).collect(),
                not_taken: read.not_taken.iter().map(not_taken).collect(),
            })
            .unwrap_or_default()
        })
        .await
    }

    pub(super) async fn finish_import(
        &self,
        request: Request<proto::FinishRegisterImportRequest>,
    ) -> Answer<proto::RegisterImport> {
        let caller = Caller::of(&request)?;
        caller.require_lead()?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let as_of = past_date(&mut fields, &caller, &form.as_of);
        check_sha256(&mut fields, &form.file_sha256);
        let as_of = fields.finish(|| as_of)?;
        let (file_sha256, rows, at) = (form.file_sha256.clone(), form.rows, caller.at);
        let gone_confirmed = form.no_longer_listed_confirmed;
        let command = Command::FinishRegisterImport { as_of, file_sha256, rows, gone_confirmed, at };
        run_command(&self.market, &caller, &form, &form.request_id, command, move |market, _| {
            let finished = market.listings().finished.get(&as_of);
            finished.map(|it| import(as_of, it)).unwrap_or_default()
        })
        .await
    }

    pub(super) fn import_page(
        &self,
        request: &Request<proto::ListRegisterImportsRequest>,
    ) -> Answer<proto::ListRegisterImportsResponse> {
        let form = request.get_ref();
        let (imports, next_page_token) = self.market.read(|market| {
            page_of(form, |after: Option<Date>| {
                let finished = market.listings().finished.iter();
                finished
                    .filter(move |(as_of, _)| after.is_none_or(|after| **as_of > after))
                    .map(|(as_of, it)| (*as_of, import(*as_of, it)))
            })
        })?;
        Ok(Response::new(proto::ListRegisterImportsResponse { imports, next_page_token }))
    }

    pub(super) fn change_page(
        &self,
        request: &Request<proto::ListRegisterChangesRequest>,
    ) -> Answer<proto::ListRegisterChangesResponse> {
        let form = request.get_ref();
        let mut fields = Fields::new();
        let as_of = fields.date("as_of", &form.as_of);
        let as_of = fields.finish(|| as_of)?;
        let page = self.market.read(|market| {
            let import = market.listings().finished.get(&as_of)?;
            Some(page_of(form, |after: Option<usize>| {
                let first = after.map_or(0, |after| after.saturating_add(1));
                let changes = import.changes.iter().enumerate().skip(first);
                changes.map(|(index, it)| (index, change(it)))
            }))
        });
        let unknown = || not_found("REGISTER_IMPORT_UNKNOWN", &format!("registerImports/{as_of}"));
        let (changes, next_page_token) = page.ok_or_else(unknown)??;
        let not_taken = self.market.read(|market| {
            let import = market.listings().finished.get(&as_of).filter(|_| next_page_token.is_empty());
            import.into_iter().flat_map(|it| &it.not_taken).take(NOT_TAKEN_MAX).map(not_taken).collect()
        });
        Ok(Response::new(proto::ListRegisterChangesResponse { changes, not_taken, next_page_token }))
    }
}

fn check_sha256(fields: &mut Fields, text: &str) {
    if text.len() != 64 || !text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f')) {
        fields.violation("file_sha256", "expected 64 hexadecimal digits in lower case");
    }
}

/// The date of a register that exists by now.
fn past_date(fields: &mut Fields, caller: &Caller, text: &str) -> Option<Date> {
    let as_of = fields.date("as_of", text)?;
    if as_of > london_date(caller.at) {
        fields.violation("as_of", "is after today: give the date that the register is of");
        return None;
    }
    Some(as_of)
}

fn row(fields: &mut Fields, caller: &Caller, it: &proto::RegisterRow) -> Option<RegisterRow> {
    let entry = proto::RegisterEstablishmentRequest {
        urn: it.urn.clone(),
        provider: it.provider.clone(),
        provision: it.provision.clone(),
        place_code: it.place_code.clone(),
        utla: it.utla.clone(),
        sector: it.sector.clone(),
        operated_by: it.operated_by.clone(),
        registered_on: it.registered_on.clone(),
        status: it.status,
        grade: it.grade.clone(),
        age_from: it.age_from,
        age_to: it.age_to,
        places_registered: it.places_registered.unwrap_or(0),
        ..Default::default()
    };
    let entry = read_entry(fields, caller, &entry, Located::IfKnown);
    let provider_name = fields.text("provider_display_name", &it.provider_display_name, NAME_CHARS_MAX);
    Some(RegisterRow {
        entry: entry?,
        provider_name: provider_name?,
        places_printed: it.places_registered.is_some(),
    })
}

fn change(it: &Listed) -> proto::RegisterChange {
    let (before, now) = match &it.change {
        ListingChange::New | ListingChange::NoLongerListed => (String::new(), String::new()),
        ListingChange::Regraded { before, now } | ListingChange::EnteredLater { before, now } => {
            (before.clone(), now.clone())
        }
        ListingChange::Status { before, now } => (before.to_string(), now.to_string()),
        ListingChange::Places { before, now } => (before.to_string(), now.to_string()),
        ListingChange::Owner { before, now } => (provider_name(before), provider_name(now)),
    };
    let (establishment, change) = (establishment_name(&it.urn), it.change.word().to_owned());
    proto::RegisterChange { establishment, change, before, now }
}

fn not_taken(it: &NotTaken) -> proto::RegisterRowNotTaken {
    proto::RegisterRowNotTaken {
        establishment: establishment_name(&it.urn),
        reason: it.reason.clone(),
        message: it.detail.clone(),
    }
}

fn import(as_of: Date, it: &Import) -> proto::RegisterImport {
    let mut change_totals: BTreeMap<String, u32> = BTreeMap::new();
    for listed in &it.changes {
        *change_totals.entry(listed.change.word().to_owned()).or_default() += 1;
    }
    let mut not_taken_totals: BTreeMap<String, u32> = BTreeMap::new();
    for row in &it.not_taken {
        *not_taken_totals.entry(row.reason.clone()).or_default() += 1;
    }
    proto::RegisterImport {
        as_of: as_of.to_string(),
        rows: it.rows,
        file_sha256: it.file_sha256.clone(),
        imported_at: Some(timestamp(it.at)),
        change_totals,
        not_taken_totals,
    }
}
