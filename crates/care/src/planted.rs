//! Defects that the simulation plants in the domains, to see that its checks would find them. They are compiled with the feature
//! `planted-defects` alone, which only the tests' own manifests turn on; and then each is still off until a test plants it.
//!
//! A domain has no log and no process of its own, so a defect is planted in a thread: tests that run side by side do not disturb each other.

use std::cell::Cell;

/// A defect: a rule that is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// Nights that somebody has are given again.
    OverlapUnchecked,
    /// Nights that another council has reserved are given again.
    ReservationOverlooked,
    /// A block keeps nobody from holding.
    BlockOverlooked,
    /// Nights that were sold are sold again.
    SoldTwice,
    /// A solo placement is not alone.
    SoloUnchecked,
    /// An establishment's registered places bound nothing.
    RegisteredPlacesUnchecked,
    /// A hold whose lease has ended can be used.
    ExpiredHoldAccepted,
    /// Whose hold it is and for which child does not matter.
    ForeignHoldAccepted,
    /// For which version of the referral a hold is does not matter.
    HoldOfOtherVersionAccepted,
    /// A hold gets the token of the hold before it.
    TokenRepeated,
    /// A registration that is not active does not matter.
    RegistrationUnchecked,
    /// The child's age does not matter, to market and lot.
    AgeUnchecked,
    /// A suspended provider is bought from.
    SuspensionUnchecked,
    /// The grade gate lets everybody through.
    GradeUnchecked,
    /// Neither ceiling nor admitted price bounds the core fee.
    CeilingUnchecked,
    /// An agreement is issued without what it was judged on.
    EvidenceLeftOut,
    /// A call-off is judged on the first night, not at the award instant.
    JudgedOnFirstNight,
    /// Children may come under a restriction notice.
    NoticeIgnored,
    /// A child whose place was awarded before a restriction notice may come after it.
    NoticeIgnoredOnArrival,
    /// Holds and awards outlive the service of a notice.
    NoticeLeavesClaims,
    /// Supported accommodation takes children under 16.
    Under16Accepted,
    /// Unregistered provision can be sought, claimed and bought.
    UnregisteredAwarded,
    /// An award needs no steps of the cascade.
    CascadeUnchecked,
    /// An award needs no approver.
    ApproverUnchecked,
    /// Anybody may approve.
    RoleUnchecked,
    /// Anybody may waive a step of the cascade.
    WaiverRoleUnchecked,
    /// An award needs no gates.
    GateIgnored,
    /// An emergency award has no deadline for its approval.
    EmergencyWithoutDeadline,
    /// A deadline is lost when the award is confirmed.
    DeadlineForgotten,
    /// A provider need not have a grant.
    RevealedWithoutGrant,
    /// A grant does not end with the placement.
    RevealedAfterEnd,
    /// An unmasking leaves no event.
    RevealUnrecorded,
    /// A provider is granted sight of the child before the award holds.
    GrantedBeforeAward,
    /// What was sealed for a provider can be opened when it may not read it any more.
    KeyOutlivesRight,
    /// A key that was destroyed seals again.
    KeyComesBack,
    /// An offer that did not pass the gate of its evaluation is taken.
    EvaluationGateIgnored,
    /// An award departs from the order of merit and nobody says why.
    DepartureUnexplained,
    /// An entry of which the debits are not the credits is posted.
    UnbalancedEntry,
    /// What a fact that comes twice leads to is posted twice.
    PostedTwice,
    /// A reversal is worked out from today's terms, not from the record.
    ReversalRecomputed,
    /// Each period's part of a weekly fee is rounded by itself.
    WeeklyRoundingDrifts,
    /// The day of departure is paid.
    DepartureDayPaid,
    /// A line of additions goes on after its last night.
    AdditionOutlivesExpiry,
    /// A discount goes on after its last night.
    DiscountOutlivesSibling,
    /// A reserved or block bed is paid for while a child of the council is charged in it.
    RetainerAndRelet,
    /// An uplift is booked on every line.
    UpliftOnWrongLine,
    /// An entry is dated into a closed period.
    PostedIntoClosedPeriod,
    /// An absence is paid in full for ever.
    AbsencePaidInFull,
    /// Funders' parts are rounded down.
    FunderSplitLosesPenny,
    /// A commitment goes on when its nights are charged or will never be.
    CommitmentNotReleased,
    /// Staying Put is charged before the 18th birthday.
    StayingPutBeforeBirthday,
    /// Exempt welfare is charged with VAT.
    VatOnExemptWelfare,
    /// What was charged stays charged whatever is told later.
    LateNewsIgnored,
}

thread_local! {
    static PLANTED: Cell<Option<Planted>> = const { Cell::new(None) };
}

/// Plants a defect in this thread instead of what was planted before; none to have no defect.
pub fn plant(what: Option<Planted>) {
    PLANTED.set(what);
}

/// Whether a defect is planted in this thread.
#[must_use]
pub fn is_planted(what: Planted) -> bool {
    PLANTED.get() == Some(what)
}
