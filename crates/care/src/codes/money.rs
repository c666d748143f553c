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
        "NO_VAT_NUMBER" => "Taxable, and without VAT: the council has verified no VAT number of the supplier",
        "OUTSIDE_SCOPE" => "Outside the scope of VAT: the council's own provision, or no supply",
    }
}
set! {
    /// Why a line of a provider's invoice is not simply what was agreed for confirmed nights.
    MATCH_REASON = "MATCH_REASON" {
        "PRICE_ABOVE_AGREEMENT" => "The amount is above what was agreed for these nights",
        "PRICE_BELOW_AGREEMENT" => "The amount is below what was agreed for these nights",
        "NIGHTS_NOT_CONFIRMED" => "The council has not charged some of these nights, or no outcome on them",
        "NIGHTS_ALREADY_INVOICED" => "Some of these nights are on another line or invoice already",
        "LINE_NOT_AGREED" => "The agreement has no such line",
        "LINE_EXPIRED" => "The agreement's line does not hold on some of these nights",
        "VAT_DIFFERS" => "VAT is not what it is on such a line",
        "AGREEMENT_NOT_STARTED" => "The child's arrival is not recorded",
        "CHILD_LEFT" => "Some of these nights are after the child's departure",
        "DEDUCTION_ALONE" => "Taken off, while nothing is accepted that it could be taken off",
    }
}
set! {
    /// Why a council disputes what it had accepted of a provider's invoice.
    INVOICE_QUERY = "INVOICE_QUERY" {
        "NOT_PROVIDED" => "What is invoiced was not provided",
        "NIGHTS" => "The nights are wrong",
        "PRICE" => "The price is wrong",
        "VAT" => "VAT is wrong",
        "FUNDING" => "Another council or funder is to be invoiced",
        "OTHER" => "Something else, as said in words",
    }
}
