//! Each defect that can be planted in the ledger is caught by the money case that is written for it: the case comes out as it is written
//! without the defect, and otherwise with it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail here")]

mod cases;
mod common;

use care::planted::{Planted, plant};

#[track_caller]
fn is_caught(defect: Planted, title: &str) {
    let all = cases::all();
    let case = all.iter().find(|case| case.title.ends_with(title));
    let case = case.unwrap_or_else(|| panic!("there is no case {title:?}"));
    plant(None);
    assert_eq!(cases::play(case), Ok(()), "without the defect the case comes out as it is written");
    plant(Some(defect));
    let played = cases::play(case);
    plant(None);
    assert!(played.is_err(), "{defect:?} was not caught by {title:?}");
}

macro_rules! caught {
    ($($test:ident: $defect:ident by $title:literal;)+) => {
        $(
            #[test]
            fn $test() {
                is_caught(Planted::$defect, $title);
            }
        )+
    };
}

caught! {
    an_unbalanced_entry: UnbalancedEntry by "A week costs the weekly fee";
    a_duplicate_post: PostedTwice by "A duplicate payment is refused";
    a_recomputed_reversal: ReversalRecomputed by "A reversal after an uplift takes back what was recorded";
    drift_in_weekly_rounding: WeeklyRoundingDrifts by "seven single nights are the week, £1,000.01";
    double_pay_on_the_day_of_a_move: DepartureDayPaid by "a child that moves on one day is never paid for twice that night";
    an_addition_running_past_its_expiry: AdditionOutlivesExpiry by "An addition stops at its last night";
    a_sibling_discount_outliving_a_sibling: DiscountOutlivesSibling by "it ends that day, though told late";
    retainer_plus_relet: RetainerAndRelet by "an arrival told late takes the retainer back";
    void_plus_placement: RetainerAndRelet by "A block bed with a child in it is not paid twice";
    an_uplift_on_the_wrong_line: UpliftOnWrongLine by "the core fee rises, the therapy does not";
    a_posting_into_a_closed_period: PostedIntoClosedPeriod by "A closed month changes by an adjustment in the first open one";
    an_absence_paid_in_full_after_its_limit: AbsencePaidInFull by "half the fee and none of the therapy";
    a_funder_split_that_loses_a_penny: FunderSplitLosesPenny by "A penny a night in three parts: none is lost";
    a_commitment_that_is_not_released: CommitmentNotReleased by "and released as nights are charged";
    staying_put_before_the_birthday: StayingPutBeforeBirthday by "From the 18th birthday on Staying Put is paid";
    vat_on_exempt_welfare: VatOnExemptWelfare by "Welfare by a regulated home is exempt";
    late_news_that_is_ignored: LateNewsIgnored by "told three weeks late, the overpayment is taken back";
}
