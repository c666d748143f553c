//! The page of the figures is what the program counts.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use contracts_domain::monitoring::{
    CASES_MIN, DECLINES, KPIS, Kpi, PRICE_COUNCILS_MIN, QUARTERS_MAX, Suppressed, Unit,
};
use std::fmt::Write;

fn unit(kpi: &Kpi) -> &'static str {
    match kpi.unit {
        Unit::BasisPoints => "basis points of the denominator",
        Unit::Minutes => "minutes",
        Unit::Days => "days",
    }
}

fn page() -> String {
    let mut page = format!(
        "# Monitoring: what each figure counts\n\nGenerated from `services/contracts/domain/src/monitoring/kpis.rs`; `UPDATE_DOCS=1 cargo test -p contracts-domain \
         --test kpis_page` writes it anew.\n\n`GetMonitoring` tells each figure by financial quarter (`2026-27-Q1` is April to June 2026), {QUARTERS_MAX} quarters at \
         most, of:\n\n\
         - a council (`councils/{{gss}}`): what it did, and the places that it operates. It alone reads this.\n\
         - a provider (`providers/{{provider}}`): what it did, for all councils where it asks itself. The lead of a framework that it is admitted to reads what it did for \
         that framework's members.\n\
         - a framework (`frameworks/{{framework}}`): what its member councils did while they were members. Its lead reads this, and councils that are or were members.\n\n\
         `GetMonitoringDocument` shows the same as a page with charts, as charts alone, or as CSV.\n\n\
         ## What is not told\n\nA council and a provider read their own figures whole. What several councils have in common is counts, shares, medians and \
         percentiles, and `suppressed` says why one is not told:\n\n",
    );
    for why in Suppressed::ALL {
        let says = match why {
            Suppressed::FewCases => format!(
                "fewer than {CASES_MIN} cases stand behind it (1 to {}; none is told), behind what is left of all, or behind another figure that it would give away: \
                 where one reason, route or provider is left out, as many others are left out as hide it",
                CASES_MIN - 1
            ),
            Suppressed::TellsAnother => format!(
                "the reader could take its own figures off, and be left with fewer than {CASES_MIN} cases of others, or with one other council's alone. Of a framework's lead, \
                 the council that leads is the reader. So too where it is left with that by taking off whatever else it reads: other frameworks, however many, \
                 providers in them, prices, kinds of cases"
            ),
            Suppressed::FewCouncils => {
                format!("fewer than {PRICE_COUNCILS_MIN} councils stand behind a price")
            }
        };
        writeln!(page, "- `{why}`: {says}.").unwrap();
    }
    write!(
        page,
        "\nOf others' cases a median is told where there are {} of them at least, and a 90th percentile where there are {}: of fewer it would be one case's own value \
         (`FEW_CASES`). Others' prices are told to a whole per cent.\n\n\
         All that one council may read is decided together, in an order that does not depend on what it asks for: the frameworks that it reads, the one that began first \
         first, and then the providers of those that it leads, the largest first; on each, totals first and then the largest figures. A figure is told if the cases that it splits \
         off, and those that it leaves of what is told already, are none, or {CASES_MIN} cases of others at least, of two other councils at least; its own are no others'. Then \
         no sums and differences of what it reads come to less. The agreements of which the distance or the grade is not known count as split off. Of nights \
         a child's stay is one case, and also that of the council that operates the home.\n\n\
         ### Limits\n\n\
         - What is read today and what was read earlier are not kept apart, and a quarter that is over changes too: by late offers and declines, ends and dates told late, \
         corrections, payments, and councils that join or leave from an earlier date. Who keeps what it read can take one off the other.\n\
         - Councils that put together what they know are one reader, and not kept from it.\n\
         - Of the kinds of one case it is asked one family at a time: whether it was bought near and whether the home is good are not put together, nor an agreement and the stay \
         that came of it. How many nights places were open is taken to be known.\n\
         - What a median of one sheet says of the median of another is not asked.\n\n## The figures\n",
        CASES_MIN * 2,
        CASES_MIN * 10,
    )
    .unwrap();
    for kpi in &KPIS {
        let of = if kpi.code == DECLINES { ", one row for each code of DECLINE (`of`)" } else { "" };
        let own = if kpi.own_only() {
            "\n- **Told to:** the council or provider that it is about, and nobody else"
        } else {
            ""
        };
        write!(
            page,
            "\n### `{}`: {}\n\n{}\n\n- **Numerator:** {}\n- **Denominator:** {}\n- **Unit:** {}{of}\n- **Source:** {}{own}\n",
            kpi.code,
            kpi.name,
            kpi.counts,
            kpi.numerator,
            kpi.denominator,
            unit(kpi),
            kpi.source,
        )
        .unwrap();
    }
    page.push_str(
        "\n## What is counted nowhere\n\nSuppliers' own invoices and disputes of them, missing episodes and notices. A median or percentile is the value by nearest \
         rank: the least that so many per cent of the cases do not exceed.\n",
    );
    page
}

#[test]
fn the_committed_page_is_what_the_program_counts() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/kpis.md");
    let figures = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &figures).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == figures,
        "docs/kpis.md is not current: run this test with UPDATE_DOCS=1 and commit it"
    );
}

#[test]
fn each_code_is_there_once_and_all_of_its_words_are() {
    for kpi in &KPIS {
        assert_eq!(KPIS.iter().filter(|it| it.code == kpi.code).count(), 1, "{}", kpi.code);
        for words in [kpi.name, kpi.counts, kpi.numerator, kpi.denominator, kpi.source] {
            assert!(!words.is_empty() && !words.contains("  "), "{}: {words:?}", kpi.code);
        }
    }
}
