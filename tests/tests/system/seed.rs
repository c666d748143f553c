//! Two halves of a region, each with a referral, an award, an agreement and an invoice that the other must never see.

use crate::samples::Names;
use crate::world::{NOW, Party, World, award, offer_of, post, referral_of, release, requirements};
use api::contracts::StartPlacementRequest;
use api::invoicing::{
    AccrueNightsRequest, ArrangeBillingRequest, BankAccount, BillingMode, GetStatementRequest,
    IssueInvoicesRequest, ListChargesRequest, PaymentPolicy, ProposePaymentRunRequest,
    RecordBankDetailsRequest, RecordTaxDetailsRequest, SentKind, SetPaymentPolicyRequest,
    SubmitInvoiceRequest, SubmittedLine, TaxStanding, VerifyBankDetailsRequest, VerifyTaxDetailsRequest,
};
use api::referrals::{Award, Identity, Offer, SearchReferralRequest, SubmitOfferRequest};
use api::vacancies::{FinishRegisterImportRequest, ReadRegisterPartRequest, RegisterRow, RegistrationStatus};
use service_kit::Role;

/// One half: a council, a provider and the lead of the council's framework.
pub(crate) struct Side {
    pub(crate) council: Party,
    pub(crate) provider: Party,
    pub(crate) lead: Party,
    /// Its names, for samples.
    pub(crate) names: Names,
    /// What nobody outside it may be told, in any answer.
    pub(crate) secrets: Vec<String>,
    /// The ids of its claim on the market, opaque to all others, which no council and no provider outside it may be told.
    pub(crate) claim_ids: Vec<String>,
}

impl Side {
    /// The same half of a region that was started anew.
    pub(crate) async fn again(self, world: &World) -> Self {
        let council = world.party(self.council.role).await;
        let provider = world.party(self.provider.role).await;
        let lead = world.party(self.lead.role).await;
        Self { council, provider, lead, ..self }
    }

    pub(crate) fn parties(&self) -> [&Party; 3] {
        [&self.council, &self.provider, &self.lead]
    }
}

/// What makes one half differ from the other.
struct Plan {
    gss: &'static str,
    provider: &'static str,
    framework: &'static str,
    urn: &'static str,
    /// A fostering agency of the same provider.
    agency: &'static str,
    /// A price that no other text holds.
    weekly_pence: i64,
    child: &'static str,
}

const DERBY: Plan = Plan {
    gss: "E06000015",
    provider: "oak",
    framework: "d2n2",
    urn: "SC000001",
    agency: "FA000001",
    weekly_pence: 411_117,
    child: "Zebedee",
};
const DARLINGTON: Plan = Plan {
    gss: "E06000005",
    provider: "elm",
    framework: "tyne-tees",
    urn: "SC000002",
    agency: "FA000002",
    weekly_pence: 522_229,
    child: "Marigold",
};

/// When both children come: a week before now, since a night is charged when it has passed.
const ARRIVAL: &str = "2026-05-25";
/// Up to when their nights are charged, so that some are left.
const CHARGED_THROUGH: &str = "2026-05-30";

/// A half whose child has come.
struct Placed {
    council: Party,
    provider: Party,
    lead: Party,
    places: Vec<String>,
    household: String,
    offer: Offer,
    won: Award,
}

/// A region with both halves.
pub(crate) async fn two_sides() -> (World, [Side; 2]) {
    // Boxed: whoever awaits this would have all of it in its own future.
    let world = Box::pin(World::open_at(&format!("{ARRIVAL}T09:00:00Z"))).await;
    let placed = [Box::pin(place(&world, &DERBY)).await, Box::pin(place(&world, &DARLINGTON)).await];
    world.clock.advance_to(NOW.parse().unwrap());
    import_register(&placed[0]).await;
    let [derby, darlington] = placed;
    let sides =
        [Box::pin(bill(&world, &DERBY, derby)).await, Box::pin(bill(&world, &DARLINGTON, darlington)).await];
    world.settled().await;
    (world, sides)
}

/// A date of the register that lists a home of the first half.
async fn import_register(placed: &Placed) {
    let day = NOW.split_once('T').unwrap().0.to_owned();
    let row = RegisterRow {
        urn: DERBY.urn.to_owned(),
        provider: placed.provider.name(),
        provider_display_name: "Listed".to_owned(),
        provision: "RESIDENTIAL".to_owned(),
        place_code: "K2".to_owned(),
        utla: "841".to_owned(),
        registered_on: "2020-01-01".to_owned(),
        status: RegistrationStatus::Active.into(),
        grade: "GOOD".to_owned(),
        ..Default::default()
    };
    let file_sha256 = "0".repeat(64);
    let part = ReadRegisterPartRequest {
        as_of: day.clone(),
        rows: vec![row],
        file_sha256: file_sha256.clone(),
        ..Default::default()
    };
    placed.lead.vacancies().read_register_part(part).await.unwrap();
    let finish = FinishRegisterImportRequest { as_of: day, rows: 1, file_sha256, ..Default::default() };
    placed.lead.vacancies().finish_register_import(finish).await.unwrap();
}

async fn place(world: &World, plan: &Plan) -> Placed {
    let council = world.council(plan.gss).await;
    let provider = world.enter_provider(plan.provider).await;
    let lead = world.lead(plan.framework).await;
    let places = world.home(&provider, plan.urn, 3).await;
    let household = world.household(&provider, plan.agency).await;
    let identity = Identity {
        given_name: plan.child.to_owned(),
        narrative: format!("{} plays the trombone", plan.child),
        ..Default::default()
    };
    let referral = post(&council, requirements(), Some(identity)).await;
    let search = SearchReferralRequest { name: referral.clone(), ..Default::default() };
    council.referrals().search_referral(search).await.unwrap();
    release(&council, &referral, &provider).await;
    let asked = SubmitOfferRequest {
        start: ARRIVAL.to_owned(),
        ..offer_of(world, &council, &referral, &places[0], plan.weekly_pence)
    };
    let offer = provider.referrals().submit_offer(asked).await.unwrap().into_inner();
    let won = award(&council, &offer, None).await.unwrap();
    // Invoicing hears of an agreement, and then of the arrival.
    let started =
        StartPlacementRequest { name: won.agreement.clone(), on: offer.start.clone(), ..Default::default() };
    council.contracts().start_placement(started).await.unwrap();
    world.settled().await;
    Placed { council, provider, lead, places, household, offer, won }
}

/// The provider sends an invoice of a night that it is to bill itself, and that nobody has confirmed: it is in query.
async fn send(council: &Party, provider: &Party, agreement: &str) -> String {
    let arranged = ArrangeBillingRequest {
        parent: council.name(),
        provider: provider.name(),
        mode: BillingMode::SupplierInvoices.into(),
        from: CHARGED_THROUGH.to_owned(),
        council_by: "Head of finance".to_owned(),
        provider_by: "Finance director".to_owned(),
        agreed_on: ARRIVAL.to_owned(),
        ..Default::default()
    };
    council.invoicing().arrange_billing(arranged).await.unwrap();
    let line = SubmittedLine {
        agreement: agreement.to_owned(),
        kind: "CORE".to_owned(),
        start: CHARGED_THROUGH.to_owned(),
        end: "2026-05-31".to_owned(),
        quantity: 1,
        net_pence: 60_000,
        vat: "EXEMPT".to_owned(),
        ..Default::default()
    };
    let request = SubmitInvoiceRequest {
        parent: council.name(),
        provider: provider.name(),
        number: "S-0".to_owned(),
        kind: SentKind::Invoice.into(),
        issued_on: "2026-06-01".to_owned(),
        lines: vec![line],
        net_pence: 60_000,
        ..Default::default()
    };
    let sent = provider.invoicing().submit_invoice(request).await.unwrap().into_inner();
    assert_eq!(sent.in_query_pence, 60_000);
    sent.name
}

/// A payment run that one person of the council proposes to pay the provider by, and by which bank details.
async fn propose(world: &World, council: &Party, provider: &Party) -> (String, String) {
    let mut ann = world.person(council.role.clone(), "ann").await.invoicing();
    let mut ben = world.person(council.role.clone(), "ben").await.invoicing();
    let account = |name: &str, sort_code: &str, account_number: &str| BankAccount {
        sort_code: sort_code.to_owned(),
        account_number: account_number.to_owned(),
        account_name: name.to_owned(),
    };
    let policy = PaymentPolicy {
        service_user: "123456".to_owned(),
        payer: Some(account("The council", "201575", "12345678")),
        first_run_on: "2026-06-26".to_owned(),
        ..Default::default()
    };
    let name = format!("{}/paymentPolicy", council.name());
    let set = SetPaymentPolicyRequest { name, policy: Some(policy), ..Default::default() };
    ann.set_payment_policy(set).await.unwrap();
    let Role::Provider(id) = &provider.role else { unreachable!("it is a provider") };
    let details = format!("{}/bankDetails/{id}", council.name());
    let account = Some(account("A provider", "301234", "87654321"));
    let record = RecordBankDetailsRequest { name: details.clone(), account, ..Default::default() };
    ann.record_bank_details(record).await.unwrap();
    let how = "called the number on the contract".to_owned();
    let verify = VerifyBankDetailsRequest { name: details.clone(), revision: 1, how, ..Default::default() };
    ben.verify_bank_details(verify).await.unwrap();
    let name = format!("{}/taxDetails/{id}", council.name());
    let standing = TaxStanding { from: "2026-01-01".to_owned(), charity: true, ..Default::default() };
    let record =
        RecordTaxDetailsRequest { name: name.clone(), standing: Some(standing), ..Default::default() };
    ann.record_tax_details(record).await.unwrap();
    let how = "asked the register of charities".to_owned();
    ben.verify_tax_details(VerifyTaxDetailsRequest { name, revision: 1, how, ..Default::default() })
        .await
        .unwrap();
    let propose = ProposePaymentRunRequest { parent: council.name(), ..Default::default() };
    (details, ann.propose_payment_run(propose).await.unwrap().into_inner().name)
}

async fn bill(world: &World, plan: &Plan, placed: Placed) -> Side {
    let Placed { council, provider, lead, places, household, offer, won } = placed;
    let mut ledger = council.invoicing();
    let (parent, through) = (council.name(), CHARGED_THROUGH.to_owned());
    let nights =
        AccrueNightsRequest { parent: parent.clone(), through: through.clone(), ..Default::default() };
    assert_eq!(ledger.accrue_nights(nights).await.unwrap().into_inner().nights_charged, 5);
    let issue = IssueInvoicesRequest { parent: parent.clone(), through, ..Default::default() };
    let invoices = ledger.issue_invoices(issue).await.unwrap().into_inner().invoices;
    let invoice = invoices.first().unwrap().name.clone();
    let sent_invoice = send(&council, &provider, &won.agreement).await;
    let charges = ListChargesRequest { parent: parent.clone(), ..Default::default() };
    let charges = ledger.list_charges(charges).await.unwrap().into_inner().charges;
    let statement = GetStatementRequest { parent: parent.clone(), ..Default::default() };
    let entries = ledger.get_statement(statement).await.unwrap().into_inner().entries;

    let (bank_details, run) = propose(world, &council, &provider).await;

    let uuid = |name: &str| name.rsplit('/').next().unwrap().to_owned();
    let mut secrets = vec![plan.child.to_owned(), format!("\"{}\"", plan.weekly_pence)];
    secrets.extend([&offer.name, &invoice, &sent_invoice, &run].map(|name| uuid(name)));
    let referral = referral_of(&offer);
    let claim_ids = [&referral, &won.name, &won.agreement].map(|name| uuid(name)).to_vec();
    secrets.extend(charges.iter().map(|charge| uuid(&charge.name)));
    secrets.extend(entries.iter().map(|entry| entry.entry.clone()));
    assert!(secrets.len() > 5 && secrets.iter().all(|secret| secret.len() > 6), "{secrets:?}");
    let Role::Council(id) = &council.role else { unreachable!("it is a council") };
    let own = [
        ("council", council.name()),
        ("provider", provider.name()),
        ("framework", lead.name()),
        ("establishment", format!("establishments/{}", plan.urn)),
        ("place", places[0].clone()),
        ("agency", format!("establishments/{}", plan.agency)),
        ("household", household),
        ("referral", referral),
        ("offer", offer.name),
        ("award", won.name),
        ("agreement", won.agreement),
        ("invoice", invoice),
        ("sent_invoice", sent_invoice),
        ("tax_details", bank_details.replace("bankDetails", "taxDetails")),
        ("bank_details", bank_details),
        ("payment_run", run),
        ("log", format!("referrals/{id}")),
        ("my_provider", provider.name()),
        ("my_framework", lead.name()),
        ("my_establishment", format!("establishments/{}", plan.urn)),
        ("my_place", places[1].clone()),
    ];
    Side { council, provider, lead, names: own.into_iter().collect(), secrets, claim_ids }
}
