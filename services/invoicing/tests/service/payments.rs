//! Payment runs through the service: three people, a file for the bank that is read back, advices, what comes back, and what is refused.

use crate::world::*;
use api::invoicing as proto;
use api::invoicing::invoicing_service_server::InvoicingService;
use books::bacs::{self, Processing};
use care::Pence;
use care::published::Route;
use proto::{Invoice, PaymentRun, PaymentRunFormat, PaymentRunStatus};
use service_kit::{Caller, Role};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

/// A request of one person of a council.
fn of<T>(person: &str, today: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let (role, subject) = (Role::Council(council(DERBY)), person.to_owned());
    request.extensions_mut().insert(Caller { role, subject, at: noon(today) });
    request
}

fn account(number: &str, name: &str) -> Option<proto::BankAccount> {
    Some(proto::BankAccount {
        sort_code: "301234".to_owned(),
        account_number: number.to_owned(),
        account_name: name.to_owned(),
    })
}

impl World {
    async fn set_policy(&self, today: &str) -> proto::PaymentPolicy {
        let policy = proto::PaymentPolicy {
            service_user: "123456".to_owned(),
            payer: account("12345678", "Derby City Council"),
            first_run_on: "2026-02-27".to_owned(),
            ..Default::default()
        };
        let name = format!("{DERBY}/paymentPolicy");
        let request = proto::SetPaymentPolicyRequest { name, policy: Some(policy), ..Default::default() };
        self.service.set_payment_policy(of("ann", today, request)).await.unwrap().into_inner()
    }

    async fn account_of(&self, provider: &str, number: &str) -> proto::BankDetails {
        let name = format!("{DERBY}/bankDetails/{provider}");
        let account = account(number, &format!("{provider}'s Children’s Homes Limited"));
        let record = proto::RecordBankDetailsRequest { name: name.clone(), account, ..Default::default() };
        let recorded =
            self.service.record_bank_details(of("ann", "2026-02-02", record)).await.unwrap().into_inner();
        let (revision, how) = (recorded.revision, "called the number on the contract".to_owned());
        let verify = proto::VerifyBankDetailsRequest { name, revision, how, ..Default::default() };
        self.service.verify_bank_details(of("ben", "2026-02-02", verify)).await.unwrap().into_inner()
    }

    async fn propose(&self, person: &str, today: &str) -> Result<PaymentRun, Status> {
        let request = proto::ProposePaymentRunRequest { parent: DERBY.to_owned(), ..Default::default() };
        Ok(self.service.propose_payment_run(of(person, today, request)).await?.into_inner())
    }

    async fn approve(&self, person: &str, today: &str, run: &PaymentRun) -> Result<PaymentRun, Status> {
        let request = proto::ApprovePaymentRunRequest { name: run.name.clone(), ..Default::default() };
        Ok(self.service.approve_payment_run(of(person, today, request)).await?.into_inner())
    }

    async fn run_as(
        &self,
        run: &PaymentRun,
        format: PaymentRunFormat,
        provider: &str,
    ) -> Result<proto::PaymentRunDocument, Status> {
        let (name, provider) = (run.name.clone(), provider.to_owned());
        let request = proto::GetPaymentRunDocumentRequest { name, format: format.into(), provider };
        Ok(self.service.get_payment_run_document(of("ann", "2026-03-01", request)).await?.into_inner())
    }

    async fn unsettled(&self) -> Vec<Invoice> {
        let request =
            proto::ListInvoicesRequest { parent: DERBY.to_owned(), unsettled: true, ..Default::default() };
        self.service.list_invoices(of("ann", "2026-03-01", request)).await.unwrap().into_inner().invoices
    }
}

/// Derby owes January's nights to three providers, each on terms that are not exempt from being paid; two have verified accounts, and of one a
/// child left on 17 January, which was told when it was invoiced.
async fn owing() -> World {
    let world = world().await;
    let spot = || Route::Spot { justification: "nobody else".to_owned() };
    for (n, provider) in [(1, "acme"), (2, "beacon"), (3, "cedar")] {
        world.place_on(DERBY, n, provider, |issued| issued.terms.route = spot()).await;
    }
    world.accrue(DERBY, "a", "2026-02-01").await.unwrap();
    world.issue(DERBY, "i", "2026-02-01").await;
    world.end(DERBY, 2, "2026-01-17").await;
    world.issue(DERBY, "j", "2026-02-01").await;
    world.set_policy("2026-02-02").await;
    world.account_of("acme", "87654321").await;
    world.account_of("beacon", "87654322").await;
    world
}

fn text(document: &proto::PaymentRunDocument) -> String {
    String::from_utf8(document.content.clone()).unwrap()
}

#[tokio::test]
async fn three_people_pay_a_run_and_the_bank_s_file_says_what_the_books_say() {
    let world = owing().await;
    let run = world.propose("ann", "2026-02-20").await.unwrap();
    let paid: Vec<_> = run.payees.iter().map(|it| (it.provider.as_str(), it.amount_pence)).collect();
    // 22 nights at £700.00 a week; of beacon the 15 that were taken back are netted.
    assert_eq!(paid, [("providers/acme", 220_000), ("providers/beacon", 70_000)]);
    assert_eq!(run.payees[1].items.len(), 2);
    let left: Vec<_> = run.left_out.iter().map(|it| (it.provider.as_str(), it.reason.as_str())).collect();
    assert_eq!(left, [("providers/cedar", "NO_BANK_DETAILS")]);
    assert_eq!((run.pay_on.as_str(), run.total_pence), ("2026-02-27", 290_000));

    let early = world.run_as(&run, PaymentRunFormat::Bacs, "").await.unwrap_err();
    assert_eq!((early.code(), reason(&early).as_str()), (Code::FailedPrecondition, "PAYMENT_RUN_STATUS"));
    for person in ["ann", "ben"] {
        let answer = world.approve(person, "2026-02-20", &run).await;
        assert_eq!(answer.is_ok(), person == "ben", "{person}");
        if let Err(status) = answer {
            assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "SAME_PERSON"));
        }
    }
    let again = world.approve("ben", "2026-02-20", &run).await.unwrap_err();
    assert_eq!(reason(&again), "SAME_PERSON");
    let released = world.approve("cat", "2026-02-23", &run).await.unwrap();
    assert_eq!(released.status(), PaymentRunStatus::Released);
    let people: Vec<_> = released.approvals.iter().map(|it| it.person.as_str()).collect();
    assert_eq!(people, ["ben", "cat"]);
    assert_eq!(
        world.ledger(DERBY).await.accounts.iter().find(|it| it.account == "bank").unwrap().net_pence,
        -290_000
    );
    let unsettled: Vec<_> = world.unsettled().await.into_iter().map(|it| it.provider).collect();
    assert_eq!(unsettled, ["providers/cedar"]);

    let document = world.run_as(&run, PaymentRunFormat::Bacs, "").await.unwrap();
    assert_eq!(document.file_name, "E06000015-run-000001.bacs.txt");
    let file = text(&document);
    let read = bacs::read(&file).unwrap();
    assert_eq!((read.service_user.as_str(), read.serial.as_str(), read.file_number), ("123456", "000001", 1));
    // The money is there on Friday, 27 February, so the bank processes it the day before.
    assert_eq!(
        (read.created_on, read.processing),
        (day("2026-02-23"), Processing::Single(day("2026-02-26")))
    );
    let sent: Vec<_> =
        read.payments.iter().map(|it| (it.to.number.as_str(), it.to.name.as_str(), it.amount)).collect();
    assert_eq!(
        sent,
        [
            ("87654321", "ACMES CHILDRENS HO", Pence(220_000)),
            ("87654322", "BEACONS CHILDRENS", Pence(70_000))
        ]
    );
    assert_eq!(read.from.number, "12345678");
    // What is recorded later changes no file of before.
    world.account_of("acme", "11112222").await;
    assert_eq!(text(&world.run_as(&run, PaymentRunFormat::Bacs, "").await.unwrap()), file, "byte for byte");
    let World { folder, service, kit, followers, told } = world;
    drop((service, kit, followers, told));
    let world = open(folder).await;
    assert_eq!(
        text(&world.run_as(&run, PaymentRunFormat::Bacs, "").await.unwrap()),
        file,
        "from the log alone"
    );
}

#[tokio::test]
async fn each_provider_is_told_what_it_was_paid_for_and_the_sheet_shows_everybody() {
    let world = owing().await;
    let run = world.propose("ann", "2026-02-20").await.unwrap();
    world.approve("ben", "2026-02-20", &run).await.unwrap();
    world.approve("cat", "2026-02-20", &run).await.unwrap();
    let advice = world.run_as(&run, PaymentRunFormat::RemittanceText, "providers/beacon").await.unwrap();
    let advice = text(&advice);
    for part in
        ["Paid on:    2026-02-27", "ending 4322", "Self-billed credit note", "-1500.00", "Paid: £700.00"]
    {
        assert!(advice.contains(part), "{part} is not in {advice}");
    }
    assert!(!advice.contains("87654322"));
    let page = world.run_as(&run, PaymentRunFormat::RemittanceHtml, "providers/acme").await.unwrap();
    assert!(text(&page).contains("<td class=\"amount\">£2200.00</td>"));
    let rows = world.run_as(&run, PaymentRunFormat::RemittanceCsv, "providers/acme").await.unwrap();
    assert_eq!(rows.file_name, "E06000015-run-000001-acme-remittance.csv");
    let sheet = text(&world.run_as(&run, PaymentRunFormat::Csv, "").await.unwrap());
    assert_eq!(sheet.lines().count(), 1 + 3 + 1 + 1, "{sheet}");
    assert!(sheet.contains("NO_BANK_DETAILS") && sheet.contains("TOTAL,,,,,,2900.00,"));
    for (format, provider, why) in [
        (PaymentRunFormat::RemittanceText, "providers/cedar", "PAYEE_UNKNOWN"),
        (PaymentRunFormat::RemittanceText, "", "FIELD_INVALID"),
        (PaymentRunFormat::Bacs, "providers/acme", "FIELD_INVALID"),
        (PaymentRunFormat::Unspecified, "", "FIELD_INVALID"),
    ] {
        let status = world.run_as(&run, format, provider).await.unwrap_err();
        assert_eq!(reason(&status), why, "{format:?} {provider}");
    }
}

#[tokio::test]
async fn what_the_bank_sends_back_is_owed_again_and_not_paid_to_that_account() {
    let world = owing().await;
    let run = world.propose("ann", "2026-02-20").await.unwrap();
    world.approve("ben", "2026-02-20", &run).await.unwrap();
    world.approve("cat", "2026-02-20", &run).await.unwrap();
    let returned = |provider: &str, name: &str| proto::RecordPaymentReturnedRequest {
        name: name.to_owned(),
        request_id: "back".to_owned(),
        provider: provider.to_owned(),
        returned_on: "2026-03-01".to_owned(),
        reason: "account closed".to_owned(),
    };
    let request = returned("providers/beacon", &run.name);
    let back = world.service.record_payment_returned(of("ann", "2026-03-02", request.clone())).await.unwrap();
    let back = back.into_inner();
    assert_eq!((back.invoices.len(), back.amount_pence), (2, 70_000));
    let again = world.service.record_payment_returned(of("ann", "2026-03-02", request)).await.unwrap();
    assert_eq!(again.into_inner(), back, "the same request");
    let next = world.propose("ann", "2026-03-02").await.unwrap_err();
    assert_eq!(reason(&next), "NOTHING_TO_PAY");
    assert!(next.message().contains("1 NO_BANK_DETAILS, 1 PAYMENT_RETURNED"), "{}", next.message());
    let name = format!("{DERBY}/bankDetails/beacon");
    let get = proto::GetBankDetailsRequest { name };
    let details = world.service.get_bank_details(of("ann", "2026-03-02", get)).await.unwrap().into_inner();
    assert!(details.payment_returned && !details.payable);
    let wrong = returned("providers/beacon", &back.invoices[0]);
    let status = world.service.record_payment_returned(of("ann", "2026-03-02", wrong)).await.unwrap_err();
    assert_eq!(reason(&status), "FIELD_INVALID");
}

#[tokio::test]
async fn bank_details_are_read_by_their_last_digits_and_told_in_no_refusal() {
    let world = owing().await;
    let policy = proto::GetPaymentPolicyRequest { name: format!("{DERBY}/paymentPolicy") };
    let policy =
        world.service.get_payment_policy(of("ann", "2026-03-01", policy)).await.unwrap().into_inner();
    assert_eq!((policy.next_run_on.as_str(), policy.account_ends.as_str()), ("2026-03-27", "5678"));
    let list = proto::ListBankDetailsRequest { parent: DERBY.to_owned(), ..Default::default() };
    let list = world.service.list_bank_details(of("ann", "2026-03-01", list)).await.unwrap().into_inner();
    assert_eq!(list.bank_details.len(), 2);
    assert_eq!(list.bank_details[0].account_ends, "4321");
    let shown = format!("{policy:?} {list:?}");
    assert!(!shown.contains("87654321") && !shown.contains("12345678") && !shown.contains("301234"));
    let wrong = proto::RecordBankDetailsRequest {
        name: format!("{DERBY}/bankDetails/cedar"),
        account: Some(proto::BankAccount {
            sort_code: "30-12-34".to_owned(),
            account_number: "1234567".to_owned(),
            account_name: "…".to_owned(),
        }),
        ..Default::default()
    };
    let status = world.service.record_bank_details(of("ann", "2026-03-01", wrong)).await.unwrap_err();
    let details = status.get_error_details();
    let fields: Vec<_> =
        details.bad_request().unwrap().field_violations.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(fields, ["account.sort_code", "account.account_number", "account.account_name"]);
    assert!(!format!("{status:?}").contains("30-12-34") && !format!("{status:?}").contains("1234567"));
    let foreign = proto::ListBankDetailsRequest { parent: NOTTINGHAM.to_owned(), ..Default::default() };
    let status = world.service.list_bank_details(of("ann", "2026-03-01", foreign)).await.unwrap_err();
    assert_eq!(reason(&status), "NOT_YOURS");
}

#[tokio::test]
async fn runs_are_listed_by_how_they_stand_and_promptness_is_told_for_a_period() {
    let world = owing().await;
    let first = world.propose("ann", "2026-02-20").await.unwrap();
    let reject = proto::RejectPaymentRunRequest {
        name: first.name.clone(),
        reason: "beacon is in dispute".to_owned(),
        ..Default::default()
    };
    let rejected =
        world.service.reject_payment_run(of("ben", "2026-02-20", reject)).await.unwrap().into_inner();
    assert_eq!((rejected.status(), rejected.rejected_by.as_str()), (PaymentRunStatus::Rejected, "ben"));
    let second = world.propose("ann", "2026-02-20").await.unwrap();
    world.approve("ben", "2026-02-20", &second).await.unwrap();
    world.approve("cat", "2026-02-20", &second).await.unwrap();
    let list = async |status: PaymentRunStatus| {
        let parent = DERBY.to_owned();
        let request = proto::ListPaymentRunsRequest { parent, status: status.into(), ..Default::default() };
        let list = world.service.list_payment_runs(of("ann", "2026-03-01", request)).await.unwrap();
        list.into_inner().payment_runs.into_iter().map(|run| run.number).collect::<Vec<_>>()
    };
    assert_eq!(list(PaymentRunStatus::Unspecified).await, [1, 2]);
    assert_eq!(list(PaymentRunStatus::Rejected).await, [1]);
    assert_eq!(list(PaymentRunStatus::Released).await, [2]);
    let get = proto::GetPaymentRunRequest { name: second.name.clone() };
    let got = world.service.get_payment_run(of("ann", "2026-03-01", get)).await.unwrap().into_inner();
    assert_eq!((got.payees.len(), got.documents), (2, 3));

    let asked = |from: &str, to: &str| proto::GetPromptPaymentRequest {
        parent: DERBY.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
    };
    let figures = world.service.get_prompt_payment(of("ann", "2026-03-31", asked("", ""))).await.unwrap();
    let figures = figures.into_inner();
    assert_eq!((figures.from.as_str(), figures.to.as_str()), ("2025-10-01", "2026-03-31"));
    // Two of the three invoices of 1 February were paid on the 27th; cedar's was not by 3 March.
    assert_eq!((figures.payments, figures.within_30_days_basis_points), (2, 10_000));
    assert_eq!(figures.average_days_hundredths, 2_600);
    assert_eq!((figures.became_payable, figures.not_paid, figures.not_paid_basis_points), (3, 1, 3_333));
    assert_eq!(figures.not_paid_pence, 220_000);
    for (from, to, field) in
        [("2026-03-01", "", "to"), ("", "2026-03-01", "from"), ("2026-03-02", "2026-03-01", "to")]
    {
        let status =
            world.service.get_prompt_payment(of("ann", "2026-03-31", asked(from, to))).await.unwrap_err();
        assert_eq!(status.get_error_details().bad_request().unwrap().field_violations[0].field, field);
    }
}
