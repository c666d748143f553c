//! Codes of what a placement costs: the lines of a charge, why terms change, absences, and VAT.

use super::{Code, CodeSet};

set! {
    /// A line of a charge: the lines of a price (`PRICE_LINE`), and what dates, absences and agreements beforehand add to them or take off.
    CHARGE_LINE = "CHARGE_LINE" {
        "CORE" => "Core fee",
        "ONE_TO_ONE" => "One-to-one support",
        "THERAPY" => "Therapy",
        "EDUCATION" => "Education",
        "TRANSPORT" => "Transport",
        "FAMILY_TIME" => "Family time",
        "UPLIFT" => "Uplift of the core fee",
        "DISCOUNT_SIBLING" => "Discount for siblings placed together",
        "DISCOUNT_LONG_TERM" => "Discount for a long placement",
        "DISCOUNT_VOLUME" => "Discount for volume",
        "DISCOUNT_STEP_DOWN" => "Discount after a step down",
        "ABSENCE" => "Taken off while the child is away",
        "STAYING_PUT" => "Staying Put",
        "RETAINER" => "Paid bed reservation",
        "VOID" => "Block bed that stood empty",
        "RESALE" => "Nights bought from another council, or sold to it",
        "OUTCOME" => "Payment for an evidenced outcome",
        "CREDIT" => "Credit agreed with the provider",
    }
}
set! {
    /// Why the terms of an agreement change.
    TERMS_CAUSE = "TERMS_CAUSE" {
        "ISSUED" => "The agreement was issued",
        "AMENDMENT" => "Both sides signed an amendment",
        "UPLIFT" => "The council decided an uplift",
        "DISCOUNT" => "A discount began or ended",
        "CORRECTION" => "What was recorded was wrong",
    }
}
set! {
    /// Why a child is away from its placement for some nights.
    ABSENCE = "ABSENCE" {
        "MISSING" => "Missing",
        "HOSPITAL" => "In hospital",
        "CUSTODY" => "In custody or on remand",
        "FAMILY" => "With family or friends",
        "OTHER" => "Elsewhere",
    }
}
set! {
    /// How VAT treats a line. Welfare by a state-regulated body or a charity is exempt, not zero-rated (VAT Act 1994, schedule 9, group 7,
    /// item 9; VAT Notice 701/2).
    VAT_TREATMENT = "VAT_TREATMENT" {
        "EXEMPT" => "Exempt: welfare by a state-regulated body, or education that is exempt",
        "STANDARD" => "Standard rate",
        "OUTSIDE_SCOPE" => "Outside the scope of VAT: the council's own provision, or no supply",
    }
}
