//! The rules of a call-off as data: what each check asks, where that is written, and what to do where it fails. The page `docs/call-off-rules.md` is
//! made of it, and a test holds it against the checks that there are.

use crate::call_off::checks;

/// Who judges a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JudgedBy {
    /// `judge_call_off`, on the facts of the region's frameworks.
    CallOff,
    /// The council's contracts log, which puts the two halves of an award together.
    Agreement,
    /// `judge_call_off`, on what proposal and claim show: beforehand as far as it can be told from what is asked.
    Award,
    /// The region's market, with the claim: without one no agreement is made.
    Market,
}

/// For which routes a rule is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForRoutes {
    /// Every purchase.
    All,
    /// A call-off from a framework.
    Framework,
    /// A call-off from a framework, and a spot purchase.
    FrameworkAndSpot,
    /// A spot purchase.
    Spot,
}

/// A rule of the call-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallOffRule {
    /// The check, which is the reason of the refusal.
    pub check: &'static str,
    /// Who judges it.
    pub by: JudgedBy,
    /// For which routes.
    pub routes: ForRoutes,
    /// What must be so.
    pub asks: &'static str,
    /// Where that is written.
    pub source: &'static str,
    /// What to do where it is not.
    pub remedy: &'static str,
}

macro_rules! rule {
    ($check:expr, $by:ident, $routes:ident, $asks:literal, $source:literal, $remedy:literal) => {
        CallOffRule {
            check: $check,
            by: JudgedBy::$by,
            routes: ForRoutes::$routes,
            asks: $asks,
            source: $source,
            remedy: $remedy,
        }
    };
}

/// Every rule, in the order in which it is judged.
pub const CALL_OFF_RULES: [CallOffRule; 25] = [
    rule!(
        checks::ACCOMMODATION_RESTRICTED,
        Award,
        All,
        "No notice restricts accommodation at the home, unless the child was there when it was served and continuously since.",
        "Care Standards Act 2000, section 22B",
        "Look for another home: nobody may waive it. A child who comes back is a new admission. The market refuses it with the claim already."
    ),
    rule!(
        "REGISTRATION_NOT_ACTIVE",
        Market,
        All,
        "The establishment is registered, and its registration is active.",
        "Care Standards Act 2000, sections 11 and 14 to 15",
        "Look for another home, or ask the provider what Ofsted has decided."
    ),
    rule!(
        "UNDER_16_SUPPORTED_ACCOMMODATION",
        Market,
        All,
        "A child in supported accommodation is 16 or older.",
        "Care Planning, Placement and Case Review (England) Regulations 2010, regulation 27A (since 9 September 2021)",
        "Look for a foster home or a children's home."
    ),
    rule!(
        "AGE_OUT_OF_RANGE",
        Market,
        All,
        "The child's age is within what the home is registered and the place advertised for.",
        "The establishment's registration",
        "Ask the provider to widen the advertisement, if its registration allows it."
    ),
    rule!(
        checks::CLAIM_DISAGREES,
        Agreement,
        All,
        "The council's terms and the market's claim are about the same child, place, provider and first night.",
        "this brokerage: both halves of an award",
        "Propose the award anew from the offer as it is now."
    ),
    rule!(
        checks::CLAIM_RELEASED,
        Agreement,
        All,
        "The market has not taken the place back before the agreement was decided.",
        "this brokerage: both halves of an award",
        "Award another offer: the place is lost."
    ),
    rule!(
        checks::UNREGISTERED_PROVISION,
        CallOff,
        All,
        "The provision is registered.",
        "Care Standards Act 2000, section 11; it is an offence to run an unregistered home",
        "Unregistered provision is never bought by the ordinary path."
    ),
    rule!(
        checks::FUNDERS_NOT_WHOLE,
        CallOff,
        All,
        "The funders' shares sum to 10,000 basis points.",
        "this brokerage: every penny has a payer",
        "Give shares that sum to 100 %."
    ),
    rule!(
        checks::ADDITION_NOT_TIME_BOXED,
        CallOff,
        All,
        "Every addition to the core fee has an agreed end, after the first night and within 1,096 days; the core fee has none of its own.",
        "individual placement agreements: additions are itemised and time-boxed",
        "Ask the provider for an offer whose additions end; an amendment prolongs what is still needed."
    ),
    rule!(
        checks::PROVIDER_SUSPENDED,
        CallOff,
        All,
        "No framework that the council belongs to has suspended the provider, its branch or the home for the region, and the council has not \
         for itself in any framework, a member still or not, on any day from the call-off to the first night.",
        "the frameworks' own terms; councils suspend on Inadequate for framework and spot alike",
        "Ask the framework's lead whether and when it is lifted, lift the council's own (`LiftForCouncil`), or look for another provider."
    ),
    rule!(
        checks::SPOT_NOT_JUSTIFIED,
        CallOff,
        Spot,
        "The purchase says why no framework provider could be used.",
        "Procurement Act 2023, section 44 and schedule 5; contract procedure rules of the council",
        "Say what was tried and why it failed."
    ),
    rule!(
        checks::FRAMEWORK_UNKNOWN,
        CallOff,
        Framework,
        "There is such a framework.",
        "this brokerage",
        "List the frameworks for their ids."
    ),
    rule!(
        checks::FRAMEWORK_NOT_IN_FORCE,
        CallOff,
        Framework,
        "The day of the call-off is within the framework's term, extensions included. Agreements made before its end go on.",
        "Procurement Act 2023, section 45; Public Contracts Regulations 2015, regulation 33",
        "Buy from another framework, or have the lead extend it before it ends."
    ),
    rule!(
        checks::COUNCIL_NOT_MEMBER,
        CallOff,
        Framework,
        "The council is a member on the day of the call-off.",
        "Procurement Act 2023, section 45; Public Contracts Regulations 2015, regulation 33",
        "Ask the framework's lead to add the council, if its notice named it."
    ),
    rule!(
        checks::LOT_UNKNOWN,
        CallOff,
        Framework,
        "The framework has the lot.",
        "this brokerage",
        "Read the framework for its lots."
    ),
    rule!(
        checks::LOT_DOES_NOT_COVER_PROVISION,
        CallOff,
        Framework,
        "The lot covers the kind of provision.",
        "the framework's own terms",
        "Call off from the lot that covers it."
    ),
    rule!(
        checks::AGE_OUTSIDE_LOT,
        CallOff,
        Framework,
        "The child's age on the first night is within the lot's.",
        "the framework's own terms",
        "Call off from the lot for that age."
    ),
    rule!(
        checks::GRADE_BELOW_GATE,
        CallOff,
        FrameworkAndSpot,
        "Ofsted's grade of the home passes the gate of the lot, else the framework's, else any grade but Inadequate.",
        "the framework's own terms; councils suspend on Inadequate for framework and spot alike",
        "Look for another home: the gate is the framework's to change."
    ),
    rule!(
        checks::ATTRIBUTE_NOT_SHOWN,
        Award,
        Framework,
        "What the price goes by beside level and age is shown: SOLO by a claim of the whole home, EMERGENCY by a first night on the day of the \
         call-off or the next, PARENT_AND_CHILD by the kind of provision or the referral, CWD, SIBLING and UASC by the referral.",
        "the framework's own terms; the offer alone does not say what makes it dearer",
        "Ask the provider for an offer without the attribute, or amend the referral if it leaves out what is so."
    ),
    rule!(
        checks::LEVEL_UNKNOWN,
        CallOff,
        Framework,
        "The lot has the support level.",
        "the framework's own terms",
        "Read the framework for the lot's levels."
    ),
    rule!(
        checks::PROVIDER_NOT_ADMITTED,
        CallOff,
        Framework,
        "The provider is admitted to the lot on the day of the call-off, with a price for the level, the child's age and the attributes.",
        "Procurement Act 2023, section 45; Public Contracts Regulations 2015, regulation 33",
        "Ask the provider whether it was admitted for such a child, or buy from one that was."
    ),
    rule!(
        checks::BRANCH_NOT_ADMITTED,
        CallOff,
        Framework,
        "The home is one of the establishments that the provider was admitted with, where it was not admitted with all.",
        "the framework's own terms",
        "Ask the framework's lead to admit the branch, or take a place at one that is."
    ),
    rule!(
        checks::CORE_FEE_MISSING,
        CallOff,
        Framework,
        "A line of the price is a core fee.",
        "this brokerage: ceilings and schedules are of core fees",
        "Ask the provider for an offer with a core fee."
    ),
    rule!(
        checks::PRICE_ABOVE_CEILING,
        CallOff,
        Framework,
        "The core fee is within the lot's ceiling for the level, the child's age and the attributes.",
        "the framework's own terms",
        "Agree a lower core fee; itemised additions are lines of their own."
    ),
    rule!(
        checks::PRICE_ABOVE_SCHEDULE,
        CallOff,
        Framework,
        "The core fee is within the provider's price for the level, the child's age and the attributes: of the rows that fit, the most specific.",
        "the framework's own terms",
        "Agree the admitted price, or less."
    ),
];
