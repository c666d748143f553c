//! Methods about terms: signatures, amendments, absences, outcomes and how a place came to be bought.

use super::fields::{REASON_CHARS_MAX, etag};
use super::notices::{giver, numbered_name};
use super::{Answer, term_fields};
use crate::render::Viewer;
use crate::{Contracts, render};
use api::contracts as proto;
use care::{AgreementId, CouncilId, code_sets, london_date};
use contracts_domain::agreements::terms::{
    Consent, OutcomeDecision, OutcomeEvidence, TellAbsence, TermsStep,
};
use contracts_domain::agreements::{Agreement, AgreementCommand, AgreementEvent, NoticeGiver};
use contracts_domain::{Agreements, Frameworks};
use prost::{Message, Name};
use service_kit::{Caller, Fields, Role, agreement_name, not_found, page, run_command};
use std::collections::BTreeSet;
use tonic::{Request, Response, Status};

/// Characters of a post, and of an uplift's reference.
pub(super) const POST_CHARS_MAX: usize = 100;
/// Agreements that one decision of an uplift names.
const UPLIFTED_MAX: usize = 200;

/// Who asks, what of, and at which version.
struct Asked<'a> {
    caller: &'a Caller,
    request_id: &'a str,
    found: (CouncilId, AgreementId),
    expected: Option<u32>,
}

/// What a request says by which an amendment comes to nothing.
struct Closing<'a> {
    name: &'a str,
    reason: &'a str,
    etag: &'a str,
}

fn consent(fields: &mut Fields, post: &str, signed_on: &str, consents: bool) -> Option<Consent> {
    let post = fields.text("post", post, POST_CHARS_MAX);
    let on = fields.date("signed_on", signed_on);
    if !consents {
        fields.violation("consents", "must be true: without consent there is no signature");
    }
    Some(Consent { post: post?, on: on? }).filter(|_| consents)
}

impl Contracts {
    pub(super) async fn sign(
        &self,
        request: Request<proto::SignAgreementRequest>,
    ) -> Answer<proto::Agreement> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let found = fields.council_resource("name", &form.name, "agreements");
        let consent = consent(&mut fields, &form.post, &form.signed_on, form.consents);
        let expected = etag(&mut fields, &form.etag);
        let (found, expected, consent) = fields.finish(|| Some((found?, expected?, consent?)))?;
        let asked = Asked { caller: &caller, request_id: &form.request_id, found, expected };
        self.agreed(&asked, &form, TermsStep::Sign(consent)).await
    }

    pub(super) async fn propose(
        &self,
        request: Request<proto::ProposeAmendmentRequest>,
    ) -> Answer<proto::Amendment> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let found = fields.council_resource("parent", &form.parent, "agreements");
        let of_provider = matches!(caller.role, Role::Provider(_));
        let today = london_date(caller.at);
        let changes = form.changes.clone().unwrap_or_default();
        let changes = fields.beneath("changes", |fields| {
            let owner = (found.map(|(council, _)| council), of_provider);
            term_fields::changes(fields, &changes, owner, today)
        });
        let expected = etag(&mut fields, &form.etag);
        let (found, expected, changes) = fields.finish(|| Some((found?, expected?, changes?)))?;
        let asked = Asked { caller: &caller, request_id: &form.request_id, found, expected };
        self.amendment(&asked, &form, None, TermsStep::Propose(changes)).await
    }

    pub(super) async fn sign_an_amendment(
        &self,
        request: Request<proto::SignAmendmentRequest>,
    ) -> Answer<proto::Amendment> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let found = numbered_name(&mut fields, &form.name, "amendments");
        let consent = consent(&mut fields, &form.post, &form.signed_on, form.consents);
        let expected = etag(&mut fields, &form.etag);
        let ((found, amendment), expected, consent) =
            fields.finish(|| Some((found?, expected?, consent?)))?;
        let asked = Asked { caller: &caller, request_id: &form.request_id, found, expected };
        let step = TermsStep::SignAmendment { amendment, consent };
        self.amendment(&asked, &form, Some(amendment), step).await
    }

    pub(super) async fn decline_an_amendment(
        &self,
        request: Request<proto::DeclineAmendmentRequest>,
    ) -> Answer<proto::Amendment> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let given = Closing { name: &form.name, reason: &form.reason, etag: &form.etag };
        let decline = |amendment, reason| TermsStep::DeclineAmendment { amendment, reason };
        self.close_an_amendment(&caller, (&form, &form.request_id), given, decline).await
    }

    pub(super) async fn withdraw_an_amendment(
        &self,
        request: Request<proto::WithdrawAmendmentRequest>,
    ) -> Answer<proto::Amendment> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let given = Closing { name: &form.name, reason: &form.reason, etag: &form.etag };
        let withdraw = |amendment, reason| TermsStep::WithdrawAmendment { amendment, reason };
        self.close_an_amendment(&caller, (&form, &form.request_id), given, withdraw).await
    }

    async fn close_an_amendment<Req: Message + Name>(
        &self,
        caller: &Caller,
        (form, request_id): (&Req, &str),
        given: Closing<'_>,
        step: impl FnOnce(u32, String) -> TermsStep,
    ) -> Answer<proto::Amendment> {
        let mut fields = Fields::new();
        let found = numbered_name(&mut fields, given.name, "amendments");
        let reason = fields.text("reason", given.reason, REASON_CHARS_MAX);
        let expected = etag(&mut fields, given.etag);
        let ((found, amendment), expected, reason) = fields.finish(|| Some((found?, expected?, reason?)))?;
        let asked = Asked { caller, request_id, found, expected };
        self.amendment(&asked, form, Some(amendment), step(amendment, reason)).await
    }

    pub(super) async fn absence(
        &self,
        request: Request<proto::RecordAbsenceRequest>,
    ) -> Answer<proto::Absence> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let found = fields.council_resource::<AgreementId>("parent", &form.parent, "agreements");
        let kind = fields.code("kind", code_sets::ABSENCE, &form.kind, london_date(caller.at));
        let from = fields.date("from", &form.from);
        let until = fields.date_optional("until", &form.until);
        let expected = etag(&mut fields, &form.etag);
        let absence = Some(form.absence).filter(|number| *number > 0);
        let (found, expected, told) = fields.finish(|| {
            let told = TellAbsence { absence, kind: kind?, from: from?, until: until? };
            Some((found?, expected?, told))
        })?;
        let asked = Asked { caller: &caller, request_id: &form.request_id, found, expected };
        let answer = move |agreement: &Agreement, _: Viewer| {
            let absences = &agreement.terms.absences;
            let found = match absence {
                Some(number) => absences.get(&number),
                None => absences.last_key_value().map(|(_, last)| last),
            };
            found.map(render::absence).unwrap_or_default()
        };
        self.terms(&asked, &form, TermsStep::RecordAbsence(told), answer).await
    }

    pub(super) async fn purchase(
        &self,
        request: Request<proto::RecordPurchaseRequest>,
    ) -> Answer<proto::Agreement> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let found = fields.council_resource("name", &form.name, "agreements");
        let given = form.purchase.clone().unwrap_or_default();
        let purchase = fields.beneath("purchase", |fields| term_fields::purchase(fields, &given, caller.at));
        let expected = etag(&mut fields, &form.etag);
        let (found, expected, purchase) = fields.finish(|| Some((found?, expected?, purchase?)))?;
        let asked = Asked { caller: &caller, request_id: &form.request_id, found, expected };
        self.agreed(&asked, &form, TermsStep::RecordPurchase(purchase)).await
    }

    pub(super) async fn show_outcome(
        &self,
        request: Request<proto::EvidenceOutcomeRequest>,
    ) -> Answer<proto::OutcomePayment> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let found = fields.council_resource("parent", &form.parent, "agreements");
        let achieved_on = fields.date("achieved_on", &form.achieved_on);
        let evidence = fields.text("evidence", &form.evidence, REASON_CHARS_MAX);
        let expected = etag(&mut fields, &form.etag);
        let (found, expected, told) = fields.finish(|| {
            let (achieved_on, evidence) = (achieved_on?, evidence?);
            Some((found?, expected?, OutcomeEvidence { outcome: form.outcome, achieved_on, evidence }))
        })?;
        let asked = Asked { caller: &caller, request_id: &form.request_id, found, expected };
        let answer = |agreement: &Agreement, _: Viewer| {
            agreement.terms.payments.last().map(render::outcome_payment).unwrap_or_default()
        };
        self.terms(&asked, &form, TermsStep::EvidenceOutcome(told), answer).await
    }

    pub(super) async fn decide_an_outcome(
        &self,
        request: Request<proto::DecideOutcomeRequest>,
    ) -> Answer<proto::OutcomePayment> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let found = fields.council_resource("parent", &form.parent, "agreements");
        let approver = fields.text("approver", &form.approver, POST_CHARS_MAX);
        let refusal = fields.text_optional("refusal", &form.refusal, REASON_CHARS_MAX);
        if form.accepted != form.refusal.trim().is_empty() {
            fields.violation("refusal", "say why where the evidence is not accepted, and only there");
        }
        let expected = etag(&mut fields, &form.etag);
        let (found, expected, approver, reason) =
            fields.finish(|| Some((found?, expected?, approver?, refusal?)))?;
        let decision =
            if form.accepted { OutcomeDecision::Accepted } else { OutcomeDecision::Refused { reason } };
        let payment = form.payment;
        let asked = Asked { caller: &caller, request_id: &form.request_id, found, expected };
        let answer = move |agreement: &Agreement, _: Viewer| {
            let payments = &agreement.terms.payments;
            let found = payments.iter().find(|it| it.evidenced.payment == payment);
            found.map(render::outcome_payment).unwrap_or_default()
        };
        self.terms(&asked, &form, TermsStep::DecideOutcome { payment, decision, approver }, answer).await
    }

    /// Takes a step and answers with the agreement.
    async fn agreed<Req: Message + Name>(
        &self,
        asked: &Asked<'_>,
        request: &Req,
        step: TermsStep,
    ) -> Answer<proto::Agreement> {
        self.terms(asked, request, step, render::render_agreement_whole).await
    }

    /// Takes a step and answers with an amendment: that of this number, or the last.
    async fn amendment<Req: Message + Name>(
        &self,
        asked: &Asked<'_>,
        request: &Req,
        number: Option<u32>,
        step: TermsStep,
    ) -> Answer<proto::Amendment> {
        let answer = move |agreement: &Agreement, viewer: Viewer| {
            let amendments = &agreement.terms.amendments;
            let found = match number {
                Some(number) => agreement.terms.amendment(number),
                None => amendments.last(),
            };
            found.map(|found| render::amendment(agreement, found, viewer)).unwrap_or_default()
        };
        self.terms(asked, request, step, answer).await
    }

    /// Takes a step. That an agreement is the provider's own, the log decides.
    async fn terms<Req: Message + Name, Resp: Message + Default>(
        &self,
        asked: &Asked<'_>,
        request: &Req,
        step: TermsStep,
        answer: impl FnOnce(&Agreement, Viewer) -> Resp + Send + 'static,
    ) -> Answer<Resp> {
        let (council, agreement) = asked.found;
        let (by, viewer) = giver(asked.caller, council)?;
        let engine = self.own_engine(council, agreement)?;
        let provider = engine.read(|state| Some(state.agreements.get(&agreement)?.issued.provider.clone()));
        let facts = provider.map_or_else(Frameworks::default, |provider| self.facts(&provider));
        let (expected_version, at) = (asked.expected, asked.caller.at);
        let command = AgreementCommand::Terms { agreement, by, expected_version, step, facts, at };
        let render = move |state: &Agreements, _: &[AgreementEvent]| {
            state.agreements.get(&agreement).map(|found| answer(found, viewer)).unwrap_or_default()
        };
        run_command(engine, asked.caller, request, asked.request_id, command, render).await
    }

    pub(super) fn amendment_page(
        &self,
        request: &Request<proto::ListAmendmentsRequest>,
    ) -> Answer<proto::ListAmendmentsResponse> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let mut fields = Fields::new();
        let found = fields.council_resource::<AgreementId>("parent", &form.parent, "agreements");
        let state = fields.check("state", proto::AmendmentState::try_from(form.state));
        let (found, wanted) = fields.finish(|| found.zip(state))?;
        let (amendments, next_page_token) = self.seen(&caller, found, |agreement, viewer| {
            page::page_of(form, |after: Option<u32>| {
                let shown = move |it: &render::Amendment| {
                    let state = render::amendment_state(it);
                    let any = wanted == proto::AmendmentState::Unspecified;
                    it.number > after.unwrap_or_default() && (any || state == wanted)
                };
                let amendments = agreement.terms.amendments.iter().filter(move |it| shown(it));
                amendments.map(move |it| (it.number, render::amendment(agreement, it, viewer)))
            })
        })??;
        Ok(Response::new(proto::ListAmendmentsResponse { amendments, next_page_token }))
    }

    pub(super) fn print(
        &self,
        request: &Request<proto::PrintAgreementRequest>,
    ) -> Answer<proto::PrintedAgreement> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let mut fields = Fields::new();
        let found = fields.council_resource::<AgreementId>("name", &form.name, "agreements");
        let format = fields.check("format", proto::PrintFormat::try_from(form.format));
        let (found, format) = fields.finish(|| found.zip(format))?;
        let shown = self.seen(&caller, found, render::render_agreement_whole)?;
        Ok(Response::new(crate::print::printed(&shown, format)))
    }

    /// Looks at an agreement as the caller may see it; who may not is told that there is none.
    fn seen<T>(
        &self,
        caller: &Caller,
        (council, id): (CouncilId, AgreementId),
        look: impl FnOnce(&Agreement, Viewer) -> T,
    ) -> Result<T, Status> {
        let (by, viewer) = giver(caller, council)?;
        let mine = |agreement: &&Agreement| match &by {
            NoticeGiver::Provider(own) => agreement.issued.provider == *own,
            NoticeGiver::Council => true,
        };
        let engine = self.own_engine(council, id)?;
        let seen = engine.read(|state| {
            let agreement = state.agreements.get(&id).filter(mine)?;
            Some(look(agreement, viewer))
        });
        seen.ok_or_else(|| not_found("AGREEMENT_UNKNOWN", &agreement_name(council, id)))
    }
}

/// Agreements of one council, each at most once.
pub(super) fn agreements_named(
    fields: &mut Fields,
    field: &str,
    names: &[String],
    council: Option<CouncilId>,
) -> Option<BTreeSet<AgreementId>> {
    fields.at_most(field, names.len(), UPLIFTED_MAX)?;
    let mut named = BTreeSet::new();
    for (n, name) in names.iter().enumerate() {
        let field = format!("{field}[{n}]");
        let (of, id) = fields.council_resource::<AgreementId>(&field, name, "agreements")?;
        if council.is_some_and(|council| council != of) {
            fields.violation(&field, "is another council's: give agreements of the council itself");
            return None;
        }
        if !named.insert(id) {
            fields.violation(&field, "is given twice");
            return None;
        }
    }
    Some(named)
}
