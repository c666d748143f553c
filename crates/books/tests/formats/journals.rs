//! The books as hledger and Beancount judge them: both re-add more than a hundred thousand entries, agree with our balances, and refuse what
//! is a penny out.

use crate::made::{self, generated_books};
use books::journal::{Books, balances, beancount, hledger, in_tools, of_tools};
use care::Pence;
use local_parts::accounting;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

/// Entries of the large books.
const ENTRIES: usize = 100_500;

fn output(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"))
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn hledger_on(file: &Path, arguments: &[&str]) -> Output {
    let program = accounting::hledger().unwrap_or_else(|error| panic!("{error}"));
    output(Command::new(program).env("LC_ALL", "C.UTF-8").arg("-f").arg(file).args(arguments))
}

fn bean_check(file: &Path) -> Output {
    let program = accounting::bean_check().unwrap_or_else(|error| panic!("{error}"));
    // Its cache would let a second look see what the first one did.
    output(Command::new(program).arg("--no-cache").arg(file))
}

/// What hledger says that every account comes to, by our names, in pence.
fn balances_of_hledger(file: &Path) -> BTreeMap<String, i64> {
    let found = hledger_on(file, &["balance", "--flat", "--empty", "-O", "json"]);
    assert!(found.status.success(), "{}", said(&found));
    let report: serde_json::Value = serde_json::from_slice(&found.stdout).expect("JSON");
    let rows = report[0].as_array().expect("rows");
    rows.iter()
        .map(|row| {
            let name = of_tools(row[0].as_str().expect("a name")).expect("a name of ours");
            let amounts = row[3].as_array().expect("amounts");
            let pence = amounts.iter().map(|amount| {
                let quantity = &amount["aquantity"];
                let digits = quantity["decimalMantissa"].as_i64().expect("digits");
                match quantity["decimalPlaces"].as_u64().expect("places") {
                    0 => digits * 100,
                    1 => digits * 10,
                    2 => digits,
                    more => panic!("{more} places"),
                }
            });
            (name, pence.sum())
        })
        .collect()
}

/// Writes a text beside the others and gives its path.
fn file(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    path
}

/// The text with a penny more in the last line that holds `mark` and an amount.
fn penny_out(text: &str, mark: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let line =
        lines.iter_mut().rev().find(|line| line.contains(mark) && line.contains('.')).expect("such a line");
    let point = line.rfind('.').expect("an amount");
    let pence: u32 = line[point + 1..point + 3].parse().expect("pence");
    let other = if pence == 99 { 98 } else { pence + 1 };
    line.replace_range(point + 1..point + 3, &format!("{other:02}"));
    lines.join("\n") + "\n"
}

#[test]
fn both_programs_agree_with_us_on_a_hundred_thousand_entries() {
    let books = generated_books(1, ENTRIES);
    let folder = tempfile::tempdir().expect("a folder");
    let journal = file(folder.path(), "books.journal", &hledger(&books).expect("balanced"));
    let checked = hledger_on(&journal, &["check", "--strict"]);
    assert!(checked.status.success(), "{}", said(&checked));
    let theirs = balances_of_hledger(&journal);
    for (account, Pence(ours)) in balances(&books).expect("countable") {
        assert_eq!(theirs.get(account).copied().unwrap_or(0), ours, "{account}");
    }
    assert!(theirs.len() > 100, "most accounts have a balance: {}", theirs.len());
    let beans = file(folder.path(), "books.beancount", &beancount(&books).expect("balanced"));
    let checked = bean_check(&beans);
    assert!(checked.status.success(), "{}", said(&checked));
}

#[test]
fn a_penny_is_refused_by_both() {
    let books = generated_books(2, 300);
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, beans) = (hledger(&books).expect("balanced"), beancount(&books).expect("balanced"));
    let whole =
        [file(folder.path(), "whole.journal", &journal), file(folder.path(), "whole.beancount", &beans)];
    assert!(hledger_on(&whole[0], &["check", "--strict"]).status.success());
    assert!(bean_check(&whole[1]).status.success());
    // In an assertion, in a posting, and a posting to an account that was never declared.
    for (name, text, complaint) in [
        ("assertion", penny_out(&journal, " = £"), "balance assertion"),
        (
            "posting",
            penny_out(&journal.replace(" = £", " == £"), "Bank  £-").replace(" == £", " = £"),
            "could not balance",
        ),
        (
            "account",
            format!("{journal}2026-04-01 (X) x\n    Assets:Bonk  £1.00\n    Assets:Bank  £-1.00\n"),
            "undeclared account",
        ),
    ] {
        let found =
            hledger_on(&file(folder.path(), &format!("{name}.journal"), &text), &["check", "--strict"]);
        assert!(!found.status.success() && said(&found).contains(complaint), "{name}: {}", said(&found));
    }
    for (name, text, complaint) in [
        ("assertion", penny_out(&beans, " ~ 0 GBP"), "Balance failed"),
        (
            "posting",
            penny_out(&beans.replace("balance Assets:Bank  ", "balance Assets:Bank "), "Assets:Bank  "),
            "does not balance",
        ),
        (
            "account",
            format!("{beans}2026-05-01 * \"x\"\n  Assets:Bonk  1.00 GBP\n  Assets:Bank  -1.00 GBP\n"),
            "unknown account",
        ),
    ] {
        let found = bean_check(&file(folder.path(), &format!("{name}.beancount"), &text));
        assert!(!found.status.success() && said(&found).contains(complaint), "{name}: {}", said(&found));
    }
    // What the brief warns of: without `~ 0` Beancount takes a penny.
    let tolerant = penny_out(&beans, " ~ 0 GBP").replace(" ~ 0 GBP", " GBP");
    assert!(bean_check(&file(folder.path(), "tolerant.beancount", &tolerant)).status.success());
}

#[test]
fn awkward_text_stays_text_in_both() {
    let books = generated_books(3, 200);
    let folder = tempfile::tempdir().expect("a folder");
    let journal = file(folder.path(), "books.journal", &hledger(&books).expect("balanced"));
    let printed = hledger_on(&journal, &["print", "-O", "json"]);
    assert!(printed.status.success(), "{}", said(&printed));
    let entries: serde_json::Value = serde_json::from_slice(&printed.stdout).expect("JSON");
    let mut seen = 0;
    for entry in entries.as_array().expect("entries").iter().filter(|entry| entry["tcode"] != "BALANCE") {
        let tags = entry["ttags"].as_array().expect("tags");
        let tag = |name: &str| {
            let found = tags.iter().find(|tag| tag[0] == name)?;
            books::text::unescape(found[1].as_str().expect("text"))
        };
        let id = tag("entry").expect("an id");
        let ours = books.entries.iter().find(|entry| entry.id == id).expect("an entry of ours");
        let description = entry["tdescription"].as_str().and_then(books::text::unescape);
        assert_eq!(description.as_deref(), Some(ours.description.as_str()));
        assert_eq!(tag("line"), ours.tags.get("line").cloned());
        assert_eq!(tag("agreement"), ours.agreement);
        assert_eq!(tag("adjusts"), ours.adjusts.map(|day| day.to_string()));
        assert_eq!(entry["tpostings"].as_array().map(Vec::len), Some(ours.postings.len()));
        seen += 1;
    }
    assert_eq!(seen, books.entries.len());
}

#[test]
fn the_same_books_give_the_same_bytes() {
    let books = generated_books(4, 500);
    assert_eq!(hledger(&books), hledger(&books.clone()));
    assert_eq!(beancount(&books), beancount(&books.clone()));
    let written = beancount(&books).expect("balanced");
    for (account, class) in &books.accounts {
        assert!(written.contains(&format!("open {} GBP", in_tools(*class, account))), "{account}");
    }
}

#[test]
fn books_that_are_wrong_are_not_written() {
    let wrong = |change: fn(&mut Books)| {
        let mut books = generated_books(5, 20);
        change(&mut books);
        let faults = hledger(&books).expect_err("refused");
        assert_eq!(beancount(&books).expect_err("refused"), faults);
        faults.to_string()
    };
    for (change, words) in [
        (
            (|books| {
                books.entries.iter_mut().find(|entry| !entry.postings.is_empty()).expect("one").postings[0]
                    .amount += Pence(1)
            }) as fn(&mut Books),
            "sum to 1 pence",
        ),
        (|books| books.accounts.clear(), "is not declared"),
        (|books| books.entries[1].id = books.entries[0].id.clone(), "comes twice"),
        (|books| books.entries[0].code = "A B".into(), "is not a code"),
        (|books| drop(books.entries[0].tags.insert("Date".into(), "x".into())), "cannot be a tag"),
        (|books| drop(books.entries[0].tags.insert("entry".into(), "x".into())), "cannot be a tag"),
        (
            |books| books.entries[0].nights = Some(care::Nights::from_on(made::day(0), None)),
            "is not in the years",
        ),
        (
            |books| {
                let entry =
                    books.entries.iter().find(|entry| !entry.postings.is_empty()).expect("one").clone();
                for copy in 0..2 {
                    let mut entry = entry.clone();
                    entry.id = format!("copy {copy}");
                    entry.postings[0].amount = Pence(i64::MAX);
                    entry.postings[1].amount = Pence(-i64::MAX);
                    entry.postings.truncate(2);
                    books.entries.push(entry);
                }
            },
            "more than can be counted",
        ),
    ] {
        let said = wrong(change);
        assert!(said.contains(words), "{words}: {said}");
    }
}
