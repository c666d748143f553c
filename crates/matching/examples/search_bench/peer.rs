//! The same questions in PostgreSQL: one table, an index on each column, `earthdistance` for what is near, one core, everything in memory.
//!
//! The question is as kind to it as it can be while the answers are the same: what ours looks up is columns here, sets of needs are bits, the
//! weights of the impact are written into the statement, and `earth_box` (a little too wide) narrows down before the statutory formula decides.
//! It explains nothing of what it leaves out; once it is asked for the top alone, once for the counts too that ours always gives with it.

use crate::simulated::{FROM, MILES, NEEDS, PROVISIONS, Question, now};
use crate::{PASSES, TOP, Times, shortest};
use care::market::{Establishment, Market, Place, RegistrationStatus, Stage, UNREGISTERED};
use care::{Date, PlaceId, code_sets};
use geography::{Location, locate};
use local_parts::postgres::{Database, Postgres};
use matching::impact::{AGE_GAP_WEIGHT, AGE_GAP_YEARS, PAIRS, YOUNGER_WEIGHT, YOUNGER_YEARS};
use matching::{SearchResult, grade_rank};
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

const TABLE: &str = "CREATE EXTENSION cube; CREATE EXTENSION earthdistance; \
    CREATE TABLE places (place text COLLATE \"C\" PRIMARY KEY, provision text, barred boolean, restricted boolean, grade int, \
    easting int, northing int, lat float8, lon float8, available_from date, age_from int, age_to int, male boolean, female boolean, \
    needs int, excluded int, taken_until date, held_until timestamptz, mix_children int, mix_age_from int, mix_age_to int, mix_needs int); \
    CREATE TABLE questions (no int, easting int, northing int, lat float8, lon float8, age int, sex text)";
const INDEXED: [&str; 18] = [
    "provision",
    "barred",
    "restricted",
    "grade",
    "available_from",
    "age_from",
    "age_to",
    "male",
    "female",
    "needs",
    "excluded",
    "taken_until",
    "held_until",
    "mix_children",
    "mix_age_from",
    "mix_age_to",
    "mix_needs",
    "easting",
];

/// Asks, holds the answers against ours and prints how much longer it took.
pub(crate) fn compare(market: &Market, questions: &[Question], ours: &[SearchResult], times: &Times) {
    let server = Postgres::ensure().unwrap();
    let database = server.database().unwrap();
    fill(&database, market, questions);
    for (what, counted) in [("top 50", false), ("top 50 and counts", true)] {
        database.run_as_admin(&function(counted)).unwrap();
        // A plan for each question, or one for all: whichever it is faster with.
        let modes = ["force_custom_plan", "force_generic_plan"];
        let [each, one] = modes.map(|mode| {
            Times::of(shortest((0..PASSES).map(|_| ask(&database, mode, counted, ours)).collect()))
        });
        let best = if each.thousandth(500) <= one.thousandth(500) { each } else { one };
        best.print(&format!("PostgreSQL, {what}"));
        let ratio = |thousandth| {
            best.thousandth(thousandth).as_secs_f64() / times.thousandth(thousandth).as_secs_f64()
        };
        println!(
            "{:>36}  the same answers to {} questions; it takes {:.0} times as long at the middle, {:.0} times at p99",
            "",
            questions.len(),
            ratio(500),
            ratio(990)
        );
    }
}

fn ask(database: &Database, mode: &str, counted: bool, ours: &[SearchResult]) -> Vec<Duration> {
    let asked = database
        .run_as_admin(&format!(
            "SET plan_cache_mode = {mode}; SET max_parallel_workers_per_gather = 0; SET jit = off; \
             DO $$ BEGIN PERFORM count(*) FROM ask(); END $$; SELECT no, micros, answer, counts FROM ask() ORDER BY no"
        ))
        .unwrap();
    let mut times = Vec::new();
    for (line, ours) in asked.lines().filter(|line| !line.is_empty()).zip(ours) {
        let fields: Vec<&str> = line.split('|').collect();
        let [_, micros, answer, counts] = fields[..] else { panic!("{line}") };
        let places: Vec<&str> = ours.matches.iter().map(|it| it.place.as_str()).collect();
        assert_eq!(answer.split_whitespace().collect::<Vec<_>>(), places, "both find the same");
        if counted {
            let rules = ours.excluded.iter().map(|(rule, count)| (rule.word(), *count));
            let matches = (ours.matches_total > 0).then_some(("", ours.matches_total));
            let mut all: Vec<String> =
                rules.chain(matches).map(|(rule, count)| format!("{rule}={count}")).collect();
            all.sort();
            let mut theirs: Vec<&str> = counts.split_whitespace().collect();
            theirs.sort_unstable();
            assert_eq!(theirs, all, "both leave out the same");
        }
        times.push(Duration::from_secs_f64(micros.parse::<f64>().unwrap() / 1e6));
    }
    assert_eq!(times.len(), ours.len());
    times
}

fn bits<'a>(codes: impl IntoIterator<Item = &'a str>) -> u32 {
    let bit =
        |code| code_sets::NEED.codes.iter().position(|entry| entry.code == code).map_or(0, |bit| 1 << bit);
    codes.into_iter().map(bit).fold(0, |all, bit: u32| all | bit)
}

/// The question, and how many places each rule leaves out first if that is asked too.
fn function(counted: bool) -> String {
    let (needs, within) = (bits(NEEDS), f64::from(MILES * 10));
    let tenths =
        "round(sqrt((easting - q.easting)::float8 ^ 2 + (northing - q.northing)::float8 ^ 2) / 160.93)";
    // A sphere and a grid differ by less than this.
    let metres = f64::from(MILES) * 1609.3 * 1.02 + 200.0;
    let fits = [
        ("PROVISION", format!("provision = ANY ('{{{}}}')", PROVISIONS.join(","))),
        ("REGISTRATION", "NOT barred".to_owned()),
        ("RESTRICTED", "NOT restricted".to_owned()),
        ("DISTANCE", format!("{tenths} <= {within}")),
        ("NOT_AVAILABLE", format!("available_from <= '{FROM}'")),
        ("AGE", "q.age BETWEEN age_from AND age_to".to_owned()),
        ("SEX", "CASE q.sex WHEN 'M' THEN male WHEN 'F' THEN female ELSE true END".to_owned()),
        ("EXCLUDED_NEED", format!("excluded & {needs} = 0")),
        (
            "CLAIMED",
            format!(
                "((taken_until IS NULL OR taken_until <= '{FROM}') AND (held_until IS NULL OR held_until <= '{}'))",
                now()
            ),
        ),
    ];
    let all: Vec<&str> = fits.iter().map(|(_, fits)| fits.as_str()).collect();
    let first: String = fits.iter().map(|(rule, fits)| format!(" WHEN NOT ({fits}) THEN '{rule}'")).collect();
    let count = format!(
        "SELECT string_agg(rule || '=' || places, ' ') INTO counts FROM (SELECT rule, count(*) AS places FROM \
         (SELECT CASE{first} ELSE '' END AS rule FROM places) judged GROUP BY rule) grouped;"
    );
    format!(
        "DROP FUNCTION IF EXISTS ask; \
         CREATE FUNCTION ask() RETURNS TABLE (no int, micros float8, answer text, counts text) LANGUAGE plpgsql AS $$ \
         DECLARE q questions; begun timestamptz; top text[]; BEGIN \
         FOR q IN SELECT * FROM questions ORDER BY questions.no LOOP \
           begun := clock_timestamp(); \
           SELECT array_agg(it.place) INTO top FROM ( \
             SELECT place FROM places WHERE earth_box(ll_to_earth(q.lat, q.lon), {metres}) @> ll_to_earth(lat, lon) AND {all} \
             ORDER BY bit_count(({needs} & ~needs)::bit(32)), {impact}, {tenths}, grade, place LIMIT {TOP}) it; \
           {count} \
           no := q.no; micros := extract(epoch FROM clock_timestamp() - begun) * 1e6; answer := array_to_string(top, ' '); \
           RETURN NEXT; \
         END LOOP; END $$",
        all = all.join(" AND "),
        impact = impact(),
        count = if counted { count.as_str() } else { "" },
    )
}

/// The impact on who lives there, as `matching::impact` ranks it.
fn impact() -> String {
    let mut sum = String::from("0");
    for pair in &PAIRS {
        let ways = [(pair.one, pair.other), (pair.other, pair.one)];
        let ways = if pair.one == pair.other { &ways[..1] } else { &ways[..] };
        for (_, home) in ways.iter().filter(|(child, _)| NEEDS.contains(child)) {
            let (bit, weight) = (bits([*home]), pair.weight);
            write!(sum, " + CASE WHEN mix_needs & {bit} <> 0 THEN {weight} ELSE 0 END").unwrap();
        }
    }
    let harmful = bits(["HARMFUL_SEXUAL_BEHAVIOUR"]);
    write!(
        sum,
        " + CASE WHEN greatest(q.age - mix_age_from, mix_age_to - q.age) >= {AGE_GAP_YEARS} THEN {AGE_GAP_WEIGHT} ELSE 0 END \
         + CASE WHEN mix_needs & {harmful} <> 0 AND mix_age_to - q.age >= {YOUNGER_YEARS} THEN {YOUNGER_WEIGHT} ELSE 0 END"
    )
    .unwrap();
    format!(
        "CASE WHEN mix_children IS NULL THEN 1 WHEN mix_children = 0 THEN 0 WHEN {sum} = 0 THEN 0 ELSE {sum} + 1 END"
    )
}

fn fill(database: &Database, market: &Market, questions: &[Question]) {
    database.run_as_admin(TABLE).unwrap_or_else(|error| {
        panic!("{error}: the extensions cube and earthdistance come with Debian's postgresql and with postgresql-contrib elsewhere")
    });
    let folder = tempfile::tempdir().unwrap();
    let copy = |table: &str, rows: &mut dyn Iterator<Item = String>| {
        let path = folder.path().join(table);
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
        rows.for_each(|row| writeln!(file, "{row}").unwrap());
        file.flush().unwrap();
        let statement = format!("\\copy {table} FROM '{}' WITH (FORMAT csv)", path.display());
        database.run_as_admin(&statement).unwrap();
    };
    let places =
        market.establishments().flat_map(|(_, home)| market.places_of(home).map(move |it| (home, it)));
    copy("places", &mut places.map(|(home, (id, place))| row(market, home, id, place)));
    copy(
        "questions",
        &mut questions.iter().enumerate().map(|(no, question)| {
            let Location { easting_m, northing_m } = locate(question.from).unwrap();
            let (lat, lon) = degrees(easting_m, northing_m);
            format!("{no},{easting_m},{northing_m},{lat},{lon},{},{}", question.age, question.sex)
        }),
    );
    for column in INDEXED {
        database.run_as_admin(&format!("CREATE INDEX ON places ({column})")).unwrap();
    }
    database.run_as_admin("CREATE INDEX ON places USING gist (ll_to_earth(lat, lon))").unwrap();
    database.run_as_admin("VACUUM ANALYZE places").unwrap();
}

fn row(market: &Market, home: &Establishment, id: &PlaceId, place: &Place) -> String {
    let registration = &home.registration;
    let barred = registration.status != RegistrationStatus::Active || home.provision == UNREGISTERED;
    let Location { easting_m, northing_m } = locate(home.sector.parse().unwrap()).unwrap();
    let (lat, lon) = degrees(easting_m, northing_m);
    let vacancy = place.vacancy.as_ref().unwrap();
    let takes = |sex| vacancy.sexes.takes(sex) && registration.sexes.takes(sex);
    let supported = if home.provision == "SUPPORTED_ACCOMMODATION" { 16 } else { 0 };
    let solo = market.places_of(home).flat_map(|(_, it)| &it.claims).filter(|claim| claim.solo);
    let claims = place.claims.iter().filter(|claim| !claim.is_hold()).chain(solo);
    let taken_until = claims.map(|claim| claim.end.unwrap_or(Date::MAX)).max();
    let held_until = place.claims.iter().find_map(|claim| match claim.stage {
        Stage::Hold { expires_at } => Some(expires_at),
        _ => None,
    });
    let texts = |it: &std::collections::BTreeSet<String>| bits(it.iter().map(String::as_str));
    let mix = vacancy.mix.as_ref().map_or(",,,".to_owned(), |mix| {
        format!("{},{},{},{}", mix.children, mix.age_from, mix.age_to, texts(&mix.needs))
    });
    format!(
        "{id},{},{barred},{},{},{easting_m},{northing_m},{lat},{lon},{},{},{},{},{},{},{},{},{},{mix}",
        home.provision,
        home.restricted_on.is_some(),
        grade_rank(&registration.grade),
        vacancy.available_from,
        vacancy.age_from.max(registration.age_from).max(supported),
        vacancy.age_to.min(registration.age_to),
        takes("M"),
        takes("F"),
        texts(&vacancy.needs),
        texts(&vacancy.exclusions),
        taken_until.map(|date| date.to_string()).unwrap_or_default(),
        held_until.map(|at| at.to_string()).unwrap_or_default(),
    )
}

/// Latitude and longitude of a point of the National Grid, on the grid's own ellipsoid (Ordnance Survey, A guide to coordinate systems in
/// Great Britain, annexe C). It only narrows down, so the hundred metres between that ellipsoid and a satellite's are left out.
fn degrees(easting_m: i32, northing_m: i32) -> (f64, f64) {
    let (a, b, scale) = (6_377_563.396_f64, 6_356_256.909_f64, 0.999_601_271_7_f64);
    let (lat0, lon0) = (49_f64.to_radians(), (-2_f64).to_radians());
    let (east, north) = (f64::from(easting_m) - 400_000.0, f64::from(northing_m) + 100_000.0);
    let n = (a - b) / (a + b);
    let meridian = |lat: f64| {
        let (less, more) = (lat - lat0, lat + lat0);
        b * scale
            * ((1.0 + n + 1.25 * n.powi(2) + 1.25 * n.powi(3)) * less
                - (3.0 * n + 3.0 * n.powi(2) + 2.625 * n.powi(3)) * less.sin() * more.cos()
                + 1.875 * (n.powi(2) + n.powi(3)) * (2.0 * less).sin() * (2.0 * more).cos()
                - 35.0 / 24.0 * n.powi(3) * (3.0 * less).sin() * (3.0 * more).cos())
    };
    let mut lat = lat0;
    for _ in 0..8 {
        lat += (north - meridian(lat)) / (a * scale);
    }
    let square = 1.0 - (b / a).powi(2);
    let root = (1.0 - square * lat.sin().powi(2)).sqrt();
    let (nu, rho) = (a * scale / root, a * scale * (1.0 - square) / root.powi(3));
    let (tan, eta) = (lat.tan(), nu / rho - 1.0);
    let seven = tan / (2.0 * rho * nu);
    let eight = tan / (24.0 * rho * nu.powi(3)) * (5.0 + 3.0 * tan.powi(2) + eta - 9.0 * tan.powi(2) * eta);
    let (ten, eleven) =
        (1.0 / (lat.cos() * nu), (nu / rho + 2.0 * tan.powi(2)) / (6.0 * lat.cos() * nu.powi(3)));
    let degrees = (lat - seven * east.powi(2) + eight * east.powi(4)).to_degrees();
    (degrees, (lon0 + ten * east - eleven * east.powi(3)).to_degrees())
}
