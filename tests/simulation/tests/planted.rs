//! Each defect that can be planted in the domains is found, within a bounded number of steps, and named as the invariant that it breaks.
#![allow(clippy::print_stderr, reason = "after how many steps it was found is for whoever runs the test")]

use care::planted::{Planted, plant};
use simulation::{Failure, Invariant, run};

/// A defect that is not found in so many worlds is not found.
const WORLDS: u64 = 200;
const STEPS: u64 = 5_000;

/// The first world in which something does not hold, and after how many steps in all worlds.
fn search(planted: Planted) -> Option<(u64, Box<Failure>)> {
    plant(Some(planted));
    let found = (1..=WORLDS).find_map(|seed| {
        let failure = run(seed, STEPS).err()?;
        Some(((seed - 1) * STEPS + failure.step, failure))
    });
    if let Some((_, failure)) = &found {
        let again = run(failure.seed, failure.step).expect_err("the same world breaks again");
        assert_eq!((again.step, &again.breach), (failure.step, &failure.breach), "a seed makes one world");
    }
    plant(None);
    found
}

#[track_caller]
fn is_found(planted: Planted, invariant: Invariant) {
    let Some((steps, failure)) = search(planted) else {
        panic!("{planted:?} was not found in {WORLDS} worlds of {STEPS} steps");
    };
    assert_eq!(failure.breach.invariant, invariant, "{planted:?} was found as something else: {failure}");
    eprintln!("{planted:?} was found after {steps} steps");
    let told = failure.to_string();
    assert!(
        told.contains(&format!("SIMULATION_SEED={} SIMULATION_STEPS={}", failure.seed, failure.step)),
        "it says how to see it again: {told}"
    );
}

macro_rules! found {
    ($($test:ident: $($planted:ident),+ => $invariant:ident;)+) => {
        $(
            #[test]
            fn $test() {
                $(is_found(Planted::$planted, Invariant::$invariant);)+
            }
        )+
    };
}

found! {
    invariant_1_bites: OverlapUnchecked, SoloUnchecked, RegisteredPlacesUnchecked => OneChildAPlace;
    invariant_1_bites_on_reservations: ReservationOverlooked => OneChildAPlace;
    agreed_nights_bite: BlockOverlooked, SoldTwice => AgreedNights;
    invariant_2_bites: ExpiredHoldAccepted, ForeignHoldAccepted, HoldOfOtherVersionAccepted, TokenRepeated => HoldIsALease;
    invariant_3_bites_in_the_market: RegistrationUnchecked, AgeUnchecked => EligibleAtTheAward;
    invariant_3_bites_in_contracts: SuspensionUnchecked, GradeUnchecked, CeilingUnchecked, EvidenceLeftOut, JudgedOnFirstNight => EligibleAtTheAward;
    invariant_4_bites: NoticeIgnored, NoticeIgnoredOnArrival, NoticeLeavesClaims => NoticeAdmitsNobody;
    invariant_5_bites: Under16Accepted, UnregisteredAwarded => NeverAwardable;
    invariant_6_bites: CascadeUnchecked, ApproverUnchecked, RoleUnchecked, EmergencyWithoutDeadline, DeadlineForgotten, WaiverRoleUnchecked, GateIgnored => CascadeAndApprover;
    invariant_6_bites_where_offers_are_evaluated: EvaluationGateIgnored, DepartureUnexplained => CascadeAndApprover;
    invariant_7_bites: RevealedWithoutGrant, RevealedAfterEnd, RevealUnrecorded, GrantedBeforeAward => IdentityByGrant;
    invariant_7_bites_in_what_is_sealed: KeyOutlivesRight, KeyComesBack => IdentityByGrant;
}
