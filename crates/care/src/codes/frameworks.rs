//! Codes of what framework prices go by.

use super::{Code, CodeSet};

set! {
    /// What a framework price goes by beside lot, level and age. Norfolk's lots have prices of their own for disabled children, and
    /// for parent and child together; homes for one child alone.
    PRICE_ATTRIBUTE = "PRICE_ATTRIBUTE" {
        "CWD" => "Child with a disability",
        "PARENT_AND_CHILD" => "Parent and child together",
        "SOLO" => "The only child in the home",
        "SIBLING" => "Placed together with a sibling",
        "UASC" => "Unaccompanied asylum-seeking child",
        "EMERGENCY" => "Arrives on the day of the request or the next",
    }
}
set! {
    /// What a discount of a framework is for. Each is a line of a charge, `DISCOUNT_` and its code.
    DISCOUNT = "DISCOUNT" {
        "SIBLING" => "Siblings placed together",
        "LONG_TERM" => "A long placement",
        "VOLUME" => "Many placements with the provider",
        "STEP_DOWN" => "A step down from other provision",
    }
}
