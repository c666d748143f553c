//! The referral form as the simulated councils fill it in. What is not known of a child stays empty.

use super::chance::{Chance, Draws};
use super::season::days_after;
use super::world::ReferralPlan;
use api::common::FunderShare;
use api::referrals::{Education, FamilyTime, Identity, Requirements};
use care::Date;

/// What goes well, STRENGTH codes.
const STRENGTHS: [&str; 8] =
    ["TRUST", "FRIENDSHIPS", "FAMILY_BONDS", "LEARNING", "SPORT", "CREATIVE", "ANIMALS", "HUMOUR"];
const FAMILY_TIME: [&str; 4] = ["WEEKLY", "FORTNIGHTLY", "MONTHLY", "NONE"];
/// The risk that goes with a need, of those that the plans draw.
const RISK_OF_NEED: [(&str, &str); 5] = [
    ("SELF_HARM", "SELF_HARM"),
    ("EXPLOITATION", "CRIMINAL_EXPLOITATION"),
    ("MISSING", "MISSING"),
    ("SUBSTANCE_MISUSE", "SUBSTANCES"),
    ("OFFENDING", "PROPERTY"),
];

/// What a council asks for. What is drawn here are assumptions, every number ours: no strategy prints how often each occurs.
pub(crate) fn requirements(plan: &ReferralPlan, chance: Chance, today: Date) -> Requirements {
    let days = match plan.urgency {
        "EMERGENCY" => 0,
        "URGENT" => 3,
        _ => 10,
    };
    let social_care = 10_000 - plan.health_basis_points;
    let share = |funder: &str, basis_points| FunderShare { funder: funder.to_owned(), basis_points };
    let funders = [share("SOCIAL_CARE", social_care), share("HEALTH", plan.health_basis_points)];
    let mut draws = chance.of("form", plan.number);
    let residential = plan.provision.starts_with("RESIDENTIAL");
    Requirements {
        provisions: vec![plan.provision.to_owned()],
        // A child whose date of birth nobody knows has an assessed age.
        age_years: plan.unaccompanied.then_some(u32::from(plan.age_years)),
        sex: plan.sex.to_owned(),
        needs: plan.needs.iter().map(|need| (*need).to_owned()).collect(),
        category_of_need: if plan.unaccompanied { "N8" } else { "N1" }.to_owned(),
        legal_status: if plan.unaccompanied { "V2" } else { "C1" }.to_owned(),
        urgency: plan.urgency.to_owned(),
        needed_from: days_after(today, days).to_string(),
        anchor: plan.home.to_string(),
        max_distance_miles: plan.max_distance_miles,
        solo: plan.solo,
        sibling_group_size: (plan.siblings > 1).then_some(plan.siblings),
        uasc: plan.unaccompanied,
        risks: risks(plan),
        strengths: words(&draws.some(&STRENGTHS, 2)),
        education: Some(education(plan, &mut draws)),
        family_time: Some(FamilyTime {
            frequency: (*draws.weighted(&FAMILY_TIME, |_| 1)).to_owned(),
            max_miles: None,
        }),
        siblings: if plan.siblings > 1 { "REQUIRED" } else { "NO_SIBLINGS" }.to_owned(),
        sibling_reason: if plan.siblings > 1 { "BOND".to_owned() } else { String::new() },
        deprivation_of_liberty: if residential { "NO".to_owned() } else { String::new() },
        national_transfer: if plan.unaccompanied { "TRANSFERRED".to_owned() } else { String::new() },
        route_into_care: "CHILD_IN_CARE".to_owned(),
        exclusions: vec![if draws.happens(150) { "PETS" } else { "NONE" }.to_owned()],
        budget_code: format!("CLA-{}", plan.council.gss()),
        funders: funders.into_iter().filter(|share| share.basis_points > 0).collect(),
        ..Requirements::default()
    }
}

/// An invented child, named so that nobody can take it for a real one.
pub(crate) fn identity(plan: &ReferralPlan, chance: Chance, today: Date) -> Identity {
    let mut draws = chance.of("identity", plan.number);
    // At least a month past the birthday, so that the age holds for the first night too.
    let born = days_after(
        today,
        -(i64::from(plan.age_years) * 365 + i64::from(plan.age_years) / 4 + draws.between(30, 300)),
    );
    Identity {
        given_name: format!("Simulated{:04}", plan.number),
        family_name: "Demochild".to_owned(),
        date_of_birth: if plan.unaccompanied { String::new() } else { born.to_string() },
        home_postcode: if plan.unaccompanied { String::new() } else { format!("{}AA", plan.home) },
        case_reference: format!("DEMO-{:05}", plan.number),
        narrative: "Simulated: likes drawing and football; settles when adults keep their word.".to_owned(),
        health: vec![if draws.happens(200) { "ASTHMA" } else { "NONE" }.to_owned()],
        language: if plan.unaccompanied { "FAS" } else { "ENG" }.to_owned(),
        ..Identity::default()
    }
}

fn words(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

fn risks(plan: &ReferralPlan) -> Vec<String> {
    let risks = RISK_OF_NEED.iter().filter(|(need, _)| plan.needs.contains(need)).map(|(_, risk)| *risk);
    let risks: Vec<&str> = risks.collect();
    if risks.is_empty() { words(&["NONE"]) } else { words(&risks) }
}

fn education(plan: &ReferralPlan, draws: &mut Draws) -> Education {
    let phase = match plan.age_years {
        0..=4 => "EARLY_YEARS",
        5..=10 => "PRIMARY",
        11..=15 => "SECONDARY",
        _ => "POST_16",
    };
    let plan_in_force = draws.happens(300);
    Education {
        phase: phase.to_owned(),
        ehcp: if plan_in_force { "YES" } else { "NO" }.to_owned(),
        send: vec![if plan_in_force { "SEMH" } else { "NONE" }.to_owned()],
    }
}
