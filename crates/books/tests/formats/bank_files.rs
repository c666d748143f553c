//! BACS files come back as they were, keep their layout, and are refused where a total or a character is off; remittances add up.

use books::Faults;
use books::bacs::{self, Account, Payment, Processing, RECORD_MAX, Submission};
use books::remittance::{Item, Remittance};
use care::{Date, Pence};
use proptest::prelude::*;

fn account(number: usize) -> Account {
    Account {
        sort_code: format!("{:06}", 200_000 + number),
        number: format!("{number:08}"),
        name: "ACME CARE & SONS".into(),
    }
}

fn submission(payments: usize, multi: bool) -> Submission {
    let days = [Date::constant(2026, 12, 1), Date::constant(2026, 12, 2), Date::constant(2026, 12, 4)];
    let payments = (0..payments)
        .map(|number| Payment {
            to: account(number + 1),
            amount: Pence(i64::try_from(number).expect("small") * 12_345 + 1),
            reference: format!("REM {number}"),
            on: multi.then(|| days[number % 3]),
        })
        .collect();
    Submission {
        service_user: "123456".into(),
        serial: "A00042".into(),
        file_number: 1,
        created_on: Date::constant(2026, 11, 27),
        processing: if multi { Processing::Multi } else { Processing::Single(days[0]) },
        from: Account {
            sort_code: "601455".into(),
            number: "55779911".into(),
            name: "DERBY CITY COUNCIL".into(),
        },
        payments,
    }
}

#[test]
fn the_layout_is_kept_to_the_character() {
    let text = bacs::write(&submission(2, false)).expect("written");
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(
        lines,
        [
            "VOL1A00042                               123456                                1",
            "HDR1A123456S   123456A0004200010001       26331 26342 000000                    ",
            "HDR2F0200000100                                   00                            ",
            "UHL1 26335999999    000000001 DAILY  001                                        ",
            "2000010000000109960145555779911    00000000001DERBY CITY COUNCILREM 0             ACME CARE & SONS  ",
            "2000020000000209960145555779911    00000012346DERBY CITY COUNCILREM 1             ACME CARE & SONS  ",
            "6014555577991101760145555779911    00000012347DERBY CITY COUNCILCONTRA            DERBY CITY COUNCIL",
            "EOF1A123456S   123456A0004200010001       26331 26342 000000                    ",
            "EOF2F0200000100                                   00                            ",
            "UTL10000000012347000000001234700000010000002                                    ",
            "",
        ]
    );
    let multi = bacs::write(&submission(3, true)).expect("written");
    for (index, line) in multi.strip_suffix("\r\n").expect("ended").split("\r\n").enumerate() {
        assert_eq!(line.len(), if (4..10).contains(&index) { 106 } else { 80 }, "{line}");
    }
    assert!(
        multi.contains("4 MULTI  ")
            && multi.contains("F0212000106")
            && multi.contains("DERBY CITY COUNCIL 26338\r\n")
    );
}

#[test]
fn what_is_written_is_read_back() {
    for (payments, multi) in [(1, false), (500, false), (1, true), (500, true)] {
        let submission = submission(payments, multi);
        let text = bacs::write(&submission).expect("written");
        assert_eq!(bacs::read(&text).expect("read"), submission);
    }
}

fn refused(change: fn(&mut Submission)) -> Faults {
    let mut wrong = submission(3, false);
    change(&mut wrong);
    bacs::write(&wrong).expect_err("refused")
}

#[test]
fn what_bacs_cannot_carry_is_not_written() {
    for (change, field) in [
        ((|it| it.service_user = "12345".into()) as fn(&mut Submission), "service_user"),
        (|it| it.serial = "000000".into(), "serial"),
        (|it| it.file_number = 0, "file_number"),
        (|it| it.file_number = 1000, "file_number"),
        (|it| it.payments.clear(), "payments"),
        (|it| it.payments[1].amount = Pence(0), "payments[1].amount"),
        (|it| it.payments[1].amount = Pence(-5), "payments[1].amount"),
        (|it| it.payments[1].amount = RECORD_MAX + Pence(1), "payments[1].amount"),
        (|it| it.payments[1].to.sort_code = "20-00-0".into(), "payments[1].to.sort_code"),
        (|it| it.payments[1].to.sort_code = "٢٠٠٠٠٠".into(), "payments[1].to.sort_code"),
        (|it| it.payments[2].to.number = "1234567".into(), "payments[2].to.number"),
        (|it| it.payments[2].to.name = "Acme".into(), "payments[2].to.name"),
        (|it| it.payments[2].to.name = "A".repeat(19), "payments[2].to.name"),
        (|it| it.payments[2].reference = "A\r\nB".into(), "payments[2].reference"),
        (|it| it.payments[2].reference = "CONTRA".into(), "payments[2].reference"),
        (|it| it.payments[2].reference = String::new(), "payments[2].reference"),
        (|it| it.payments[2].on = Some(it.created_on), "payments[2].on"),
        (|it| it.processing = Processing::Multi, "payments[0].on"),
        (|it| it.processing = Processing::Single(Date::constant(2026, 11, 29)), "processing"),
        (|it| it.processing = Processing::Single(Date::constant(2026, 12, 25)), "processing"),
        (|it| it.processing = Processing::Single(it.created_on), "processing"),
        (|it| it.processing = Processing::Single(Date::constant(2027, 2, 1)), "processing"),
        (|it| it.payments.iter_mut().for_each(|payment| payment.amount = RECORD_MAX), "payments"),
    ] {
        let faults = refused(change);
        assert!(faults.told.iter().any(|fault| fault.field == field), "{field}: {faults}");
        assert!(!faults.to_string().contains("1234567"), "bank details are not repeated: {faults}");
    }
}

#[test]
fn a_file_that_is_off_by_a_penny_or_a_character_is_refused() {
    let text = bacs::write(&submission(4, false)).expect("written");
    for (from, to, field) in [
        ("00000012346DERBY", "00000012347DERBY", "contra"),
        ("00000074074DERBY CITY COUNCILCONTRA", "00000074073DERBY CITY COUNCILCONTRA", "contra"),
        ("UTL10000000074074", "UTL10000000074075", "UTL1"),
        ("00000010000004 ", "00000010000005 ", "UTL1"),
        ("EOF1A123456", "EOF1A123457", "EOF1"),
        ("F0200000100", "F0200000106", "record"),
        ("UHL1 26335", "UHL1 26366", "UHL1 processing day"),
        ("UHL1 26335", "UHL1 26340", "processing"),
        ("2000020000000209960", "2000020000000201760", "transaction code"),
        ("2000020000000209960", "2000020000000219960", "account type"),
        ("2000020000000209960145555779911", "2000020000000209960145555779912", "originating account"),
        ("ACME CARE & SONS  \r\n", "ACME CARE & SONS \r\n", "record"),
        ("\r\nEOF2", "\nEOF2", "file"),
        ("REM 2", "REM*2", "payments[2].reference"),
    ] {
        assert!(text.contains(from), "{from} in {text}");
        let faults = bacs::read(&text.replacen(from, to, 1)).expect_err(from);
        let found = faults.told.iter().any(|fault| fault.field == field) || field == "file";
        assert!(found, "{from}: {faults}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(VOL1|HDR1|HDR2|UHL1|EOF1|EOF2|UTL1|\r\n|0|9| |A|é){0,60}") {
        prop_assert!(bacs::read(&text).is_err());
    }

    #[test]
    fn a_changed_file_is_refused_or_means_what_it_says(multi in any::<bool>(), changes in prop::collection::vec((any::<prop::sample::Index>(), "[0-9A-Z \r]"), 1..4)) {
        let mut text = bacs::write(&submission(5, multi)).expect("written");
        for (at, letter) in changes {
            let at = at.index(text.len());
            text.replace_range(at..=at, &letter);
        }
        if let Ok(submission) = bacs::read(&text) {
            prop_assert_eq!(bacs::write(&submission).expect("written"), text);
        }
    }
}

fn remittance() -> Remittance {
    let item = |number: &str, kind: &str, amount, withheld, reason: Option<&str>| Item {
        number: number.into(),
        issued_on: Date::constant(2026, 4, 30),
        kind: kind.into(),
        amount: Pence(amount),
        withheld: Pence(withheld),
        reason: reason.map(str::to_owned),
    };
    Remittance {
        council: "Derby City Council".into(),
        provider: "=Acme <b>Care</b> & Sons".into(),
        reference: "REM 1".into(),
        paid_on: Date::constant(2026, 5, 29),
        account_ends: Some("9911".into()),
        paid: Pence(370_000),
        items: vec![
            item("INV-1", "Invoice", 376_400, 1_400, Some("nights after 28 April are in dispute")),
            item("CN-1", "Credit note", -5_000, 0, None),
        ],
    }
}

#[test]
fn a_remittance_is_the_same_in_each_form() {
    let remittance = remittance();
    let text = remittance.text().expect("written");
    assert!(text.contains("INV-1     2026-04-30  Invoice      3764.00     14.00  3750.00\n"), "{text}");
    assert!(
        text.contains("    withheld: nights after 28 April are in dispute\n")
            && text.ends_with("Paid: £3700.00\n"),
        "{text}"
    );
    let sheet = remittance.csv().expect("written");
    assert!(
        sheet.contains("'=Acme <b>Care</b> & Sons,CN-1,2026-04-30,Credit note,-50.00,0.00,-50.00,"),
        "{sheet}"
    );
    let page = remittance.html().expect("written");
    assert!(
        page.contains("<dd>=Acme &lt;b&gt;Care&lt;/b&gt; &amp; Sons</dd>") && !page.contains("<script"),
        "{page}"
    );
    assert!(page.contains(">3750.00</td>") && page.contains("£3700.00"), "{page}");
}

#[test]
fn a_remittance_that_does_not_add_up_is_not_written() {
    for (change, field) in [
        ((|it| it.paid += Pence(1)) as fn(&mut Remittance), "paid"),
        (|it| it.items[0].reason = None, "items[0].reason"),
        (|it| it.items[1].withheld = Pence(5), "items[1].withheld"),
        (|it| it.account_ends = Some("55779911".into()), "account_ends"),
        (|it| it.items.clear(), "paid"),
        (|it| it.reference = " ".into(), "reference"),
    ] {
        let mut wrong = remittance();
        change(&mut wrong);
        let faults = wrong.text().expect_err("refused");
        assert!(faults.told.iter().any(|fault| fault.field == field), "{field}: {faults}");
        assert_eq!(wrong.csv(), Err(faults.clone()));
        assert_eq!(wrong.html(), Err(faults));
    }
}
