//! Anyone's accounting tool re-adds the books: after the demo's season every council's journal is taken by hledger and Beancount and comes to
//! what the ledger says, and every invoice is an e-invoice by the rules of EN 16931.

use crate::process::{Ended, Server, demo, run, token};
use crate::region::council;
use books::journal::of_tools;
use local_parts::accounting;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A council of a region that is served.
struct Office {
    gss: String,
    address: String,
    token: String,
}

impl Office {
    fn run(&self, arguments: &[&str]) -> Ended {
        let ended = run(arguments.iter().chain(&["--address", &self.address, "--token", &self.token]));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended
    }

    fn json(&self, arguments: &[&str]) -> Value {
        self.run(&[arguments, &["--output", "json"]].concat()).json()
    }

    fn parent(&self) -> String {
        format!("councils/{}", self.gss)
    }

    /// What the ledger says that each account comes to.
    fn balances(&self) -> BTreeMap<String, i64> {
        let ledger = self.json(&["invoicing", "get-ledger", "--parent", &self.parent()]);
        let accounts = ledger["accounts"].as_array().unwrap().iter();
        let text = |account: &Value| account["account"].as_str().unwrap().to_owned();
        accounts.map(|account| (text(account), account["net_pence"].as_i64().unwrap())).collect()
    }

    fn export(&self, folder: &Path, format: &str) -> std::path::PathBuf {
        let path = folder.join(format!("{}.{format}", self.gss));
        let out = path.to_str().unwrap();
        let ended = self.run(&["export-journal", "--council", &self.gss, "--format", format, "--out", out]);
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""), "it goes into the file alone");
        path
    }

    /// Puts every invoice into a folder and gives how many they are.
    fn e_invoices(&self, folder: &Path) -> usize {
        let (mut token, mut count) = (String::new(), 0);
        loop {
            let parent = self.parent();
            let list = ["invoicing", "list-invoices", "--parent", &parent, "--page-size", "200"];
            let page = self.json(&[&list[..], &["--page-token", &token]].concat());
            for invoice in page["invoices"].as_array().unwrap() {
                let path = folder.join(format!("{}.xml", invoice["number"].as_str().unwrap()));
                let (name, out) = (invoice["name"].as_str().unwrap(), path.to_str().unwrap());
                let ask =
                    ["invoicing", "get-invoice-document", "--name", name, "--format", "ubl", "--out", out];
                self.run(&ask);
                let document = books::ubl::read(&std::fs::read(&path).unwrap()).unwrap();
                let payable = document.totals().unwrap().payable.0;
                assert_eq!(payable, invoice["gross_pence"].as_i64().unwrap().abs(), "{name}");
                count += 1;
            }
            token = page["next_page_token"].as_str().unwrap().to_owned();
            if token.is_empty() {
                return count;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn books_of_a_season_are_what_other_programs_make_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("region");
    let summary = demo(&data, &["--seed", "5"]);
    let (server, address) = Server::start(&data).await;
    let (journals, invoices) = (folder.path().join("journals"), folder.path().join("invoices"));
    std::fs::create_dir(&journals).unwrap();
    std::fs::create_dir(&invoices).unwrap();
    let (mut accounts, mut documents) = (0, 0);
    for told in summary["ledgers"].as_array().unwrap() {
        let gss = told["council"].as_str().unwrap().to_owned();
        let token = token(&data, council(&gss));
        let office = Office { gss, address: format!("http://{address}"), token };
        let theirs = accounting::balances_by_hledger(&office.export(&journals, "hledger"));
        let theirs = theirs.unwrap_or_else(|said| panic!("{}: {said}", office.gss));
        let theirs: BTreeMap<String, i64> =
            theirs.into_iter().map(|(name, pence)| (of_tools(&name).unwrap(), pence)).collect();
        assert_eq!(theirs, office.balances(), "{}", office.gss);
        accounts += theirs.len();
        let beans = office.export(&journals, "beancount");
        accounting::check_by_beancount(&beans).unwrap_or_else(|said| panic!("{}: {said}", office.gss));
        documents += office.e_invoices(&invoices);
    }
    assert!(accounts > 17, "{accounts} accounts: the season left traces");
    assert_eq!(documents, usize::try_from(summary["invoices"].as_i64().unwrap()).unwrap());
    assert_eq!(accounting::check_e_invoices(&invoices), Ok(documents));
    assert_eq!(server.terminate(), Some(0));
}
