//! The gRPC methods. Each reads its fields, insists that the names are the caller's own, and runs a command or looks at the
//! committed state.

mod awards;
mod cascade;
mod deadlines;
mod envelopes;
mod evaluations;
mod explanations;
mod exporting;
mod identity;
mod invitations;
mod offers;
mod pages;
mod posts;
mod previews;
mod questions;
mod releases;
mod searches;
mod shortlists;
mod siblings;
mod staying;
mod step_policy;
mod watch;
mod watch_released;

pub(crate) use deadlines::step_shown;
pub(crate) use exporting::exports;
pub(crate) use watch::watchers;

use crate::Referrals;
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use tonic::{Request, Response, Status};

type Answer<T> = Result<Response<T>, Status>;

macro_rules! methods {
    ($($method:ident($request:ident) -> $response:ident = $run:ident;)+) => {
        #[tonic::async_trait]
        impl ReferralsService for Referrals {
            type WatchDeadlinesStream = watch::Changes;
            async fn watch_deadlines(
                &self,
                request: Request<proto::WatchDeadlinesRequest>,
            ) -> Answer<watch::Changes> {
                self.watch(request).await
            }
            type WatchReleasedReferralsStream = watch_released::Changes;
            async fn watch_released_referrals(
                &self,
                request: Request<proto::WatchReleasedReferralsRequest>,
            ) -> Answer<watch_released::Changes> {
                self.watch_released(&request)
            }
            type ExportSearchStream = exporting::Pieces;
            async fn export_search(
                &self,
                request: Request<proto::ExportSearchRequest>,
            ) -> Answer<exporting::Pieces> {
                self.export(request).await
            }
            $(async fn $method(&self, request: Request<proto::$request>) -> Answer<proto::$response> {
                self.$run(request).await
            })+
        }
    };
}

methods! {
    post_referral(PostReferralRequest) -> Referral = post;
    get_referral(GetReferralRequest) -> Referral = one;
    list_referrals(ListReferralsRequest) -> ListReferralsResponse = page;
    amend_referral(AmendReferralRequest) -> Referral = amend;
    withdraw_referral(WithdrawReferralRequest) -> Referral = withdraw;
    get_cascade_policy(GetCascadePolicyRequest) -> CascadePolicy = policy;
    set_cascade_policy(SetCascadePolicyRequest) -> CascadePolicy = set_policy;
    record_cascade_step(RecordCascadeStepRequest) -> Referral = record_step;
    search_referral(SearchReferralRequest) -> SearchReferralResponse = search;
    list_searches(ListSearchesRequest) -> ListSearchesResponse = search_page;
    explain_search(ExplainSearchRequest) -> ExplainSearchResponse = explain;
    preview_release(PreviewReleaseRequest) -> ReleasePreview = preview;
    release_referral(ReleaseReferralRequest) -> Referral = release;
    list_released_referrals(ListReleasedReferralsRequest) -> ListReleasedReferralsResponse = released_page;
    get_released_referral(GetReleasedReferralRequest) -> ReleasedReferral = released_one;
    submit_offer(SubmitOfferRequest) -> Offer = submit;
    withdraw_offer(WithdrawOfferRequest) -> Offer = take_back;
    decline_referral(DeclineReferralRequest) -> ReleasedReferral = decline;
    list_offers(ListOffersRequest) -> ListOffersResponse = offer_page;
    award_referral(AwardReferralRequest) -> Award = award;
    get_award(GetAwardRequest) -> Award = award_one;
    list_awards(ListAwardsRequest) -> ListAwardsResponse = award_page;
    give_retrospective_approval(GiveRetrospectiveApprovalRequest) -> Award = approve;
    list_approvals_due(ListApprovalsDueRequest) -> ListApprovalsDueResponse = approvals_due;
    list_deadlines(ListDeadlinesRequest) -> ListDeadlinesResponse = deadline_page;
    record_statutory_step(RecordStatutoryStepRequest) -> Award = record_statutory_step;
    reveal_identity(RevealIdentityRequest) -> RevealIdentityResponse = reveal;
    erase_identity(EraseIdentityRequest) -> Referral = erase;
    shortlist_provider(ShortlistProviderRequest) -> Referral = shortlist;
    end_shortlisting(EndShortlistingRequest) -> Referral = end_shortlisting;
    read_shortlisted_referral(ReadShortlistedReferralRequest) -> ShortlistedReferral = read_shortlisted;
    ask_question(AskQuestionRequest) -> Question = ask;
    answer_question(AnswerQuestionRequest) -> Question = answer;
    list_questions(ListQuestionsRequest) -> ListQuestionsResponse = question_page;
    evaluate_offer(EvaluateOfferRequest) -> Evaluation = evaluate;
    list_evaluations(ListEvaluationsRequest) -> ListEvaluationsResponse = evaluation_page;
    link_siblings(LinkSiblingsRequest) -> Referral = link_siblings;
    list_invitations(ListInvitationsRequest) -> ListInvitationsResponse = invitation_page;
    waive_cascade_step(WaiveCascadeStepRequest) -> Referral = waive;
    record_gate_decision(RecordGateDecisionRequest) -> Referral = decide_gate;
    link_referral(LinkReferralRequest) -> Referral = link;
    get_stability(GetStabilityRequest) -> Stability = stability;
}
