//! Who may call what. Referrals are between a council and those providers it released them to: nobody else may call.

use service_kit::Access::{Granted, Never, Own};
use service_kit::{Access, Rule};

const fn rule(method: &'static str, council: Access, provider: Access) -> Rule {
    Rule::new(method, council, provider, Never)
}

/// The rule of each method.
pub const RULES: &[Rule] = &[
    rule("/brokerage.referrals.v1.ReferralsService/PostReferral", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/GetReferral", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/ListReferrals", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/AmendReferral", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/WithdrawReferral", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/GetCascadePolicy", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/SetCascadePolicy", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/RecordCascadeStep", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/SearchReferral", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/ListSearches", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/ExplainSearch", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/PreviewRelease", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/ReleaseReferral", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/ListReleasedReferrals", Never, Own),
    rule("/brokerage.referrals.v1.ReferralsService/GetReleasedReferral", Never, Granted),
    rule("/brokerage.referrals.v1.ReferralsService/ShortlistProvider", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/EndShortlisting", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/ReadShortlistedReferral", Never, Granted),
    rule("/brokerage.referrals.v1.ReferralsService/AskQuestion", Never, Granted),
    rule("/brokerage.referrals.v1.ReferralsService/AnswerQuestion", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/ListQuestions", Own, Granted),
    rule("/brokerage.referrals.v1.ReferralsService/SubmitOffer", Never, Granted),
    rule("/brokerage.referrals.v1.ReferralsService/WithdrawOffer", Never, Granted),
    rule("/brokerage.referrals.v1.ReferralsService/DeclineReferral", Never, Granted),
    rule("/brokerage.referrals.v1.ReferralsService/ListOffers", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/AwardReferral", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/GetAward", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/ListAwards", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/GiveRetrospectiveApproval", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/ListApprovalsDue", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/ListDeadlines", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/WatchDeadlines", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/RecordStatutoryStep", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/RevealIdentity", Own, Granted),
    rule("/brokerage.referrals.v1.ReferralsService/EraseIdentity", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/WatchReleasedReferrals", Never, Own),
    rule("/brokerage.referrals.v1.ReferralsService/EvaluateOffer", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/ListEvaluations", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/LinkSiblings", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/ListInvitations", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/WaiveCascadeStep", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/RecordGateDecision", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/LinkReferral", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/GetStability", Own, Never),
    rule("/brokerage.referrals.v1.ReferralsService/ExportSearch", Own, Never),
];
