//! A well-formed request of every method, with names to fill in.

use crate::world::{Party, TODAY};
use prost_reflect::{DynamicMessage, MethodDescriptor};
use std::collections::BTreeMap;

/// Names to fill in: `<referral>` and so on; those that begin with `my_` stay the caller's own whatever the others are.
pub(crate) type Names = BTreeMap<&'static str, String>;

/// The request of a method as JSON, by the method's name. `<self>` is the caller as a resource, `<today>` the day.
const SAMPLES: &[(&str, &str)] = &[
    (
        "PostReferral",
        r#"{"parent": "<council>", "requirements": <requirements>, "identity": {"given_name": "Ada"}}"#,
    ),
    ("GetReferral", r#"{"name": "<referral>"}"#),
    ("ListReferrals", r#"{"parent": "<council>", "stage": "REFERRAL_STAGE_UNSPECIFIED", "page_size": 200}"#),
    (
        "AmendReferral",
        r#"{"name": "<referral>", "etag": "1", "requirements": <requirements>, "identity": {"case_reference": "C-1"}}"#,
    ),
    ("WithdrawReferral", r#"{"name": "<referral>", "reason": "OTHER"}"#),
    ("GetCascadePolicy", r#"{"name": "<council>/cascadePolicy"}"#),
    (
        "SetCascadePolicy",
        r#"{"name": "<council>/cascadePolicy", "policy": {"etag": "0", "mode": "CASCADE_MODE_PARALLEL",
            "required": [{"provision": "RESIDENTIAL", "steps": ["CONNECTED_CARE"]}],
            "approver_roles": ["HEAD_OF_SERVICE"], "emergency_approval_hours": 24}}"#,
    ),
    ("RecordCascadeStep", r#"{"name": "<referral>", "step": "CONNECTED_CARE", "outcome": "NO_PLACE"}"#),
    ("SearchReferral", r#"{"name": "<referral>", "limit": 20, "max_distance_miles": 100}"#),
    ("ListSearches", r#"{"parent": "<referral>", "page_size": 200}"#),
    ("ExplainSearch", r#"{"name": "<referral>/searches/1", "page_size": 200}"#),
    ("ExportSearch", r#"{"name": "<referral>/searches/1"}"#),
    ("ReleaseReferral", r#"{"name": "<referral>", "providers": ["<my_provider>"]}"#),
    ("ListReleasedReferrals", r#"{"parent": "<provider>", "page_size": 200}"#),
    ("GetReleasedReferral", r#"{"name": "<referral>"}"#),
    (
        "SubmitOffer",
        r#"{"parent": "<referral>", "place": "<my_place>", "establishment": "<my_establishment>",
            "provision": "RESIDENTIAL", "start": "<today>", "lines": [{"kind": "CORE", "weekly_pence": "400000"}],
            "route": {"framework": {"framework": "<my_framework>", "lot": "all", "level": "core"}},
            "valid_until": "<today>"}"#,
    ),
    ("WithdrawOffer", r#"{"name": "<offer>"}"#),
    ("DeclineReferral", r#"{"name": "<referral>", "reason": "NEED"}"#),
    ("ListOffers", r#"{"parent": "<referral>", "page_size": 200}"#),
    (
        "AwardReferral",
        r#"{"name": "<referral>", "offer": "<offer>", "wait_seconds": 5,
            "approval": {"approver": "post-1", "role": "HEAD_OF_SERVICE"}}"#,
    ),
    ("GetAward", r#"{"name": "<award>"}"#),
    ("ListAwards", r#"{"parent": "<council>", "referral": "<referral>"}"#),
    (
        "GiveRetrospectiveApproval",
        r#"{"name": "<award>", "approval": {"approver": "post-1", "role": "HEAD_OF_SERVICE"}}"#,
    ),
    ("ListApprovalsDue", r#"{"parent": "<council>"}"#),
    ("ListDeadlines", r#"{"parent": "<council>", "page_size": 200}"#),
    ("WatchDeadlines", r#"{"parent": "<council>"}"#),
    (
        "RecordStatutoryStep",
        r#"{"name": "<award>", "step": "DEADLINE_KIND_PLACEMENT_PLAN", "on": "<today>",
            "by": {"approver": "post-1", "role": "HEAD_OF_SERVICE"}}"#,
    ),
    ("PreviewRelease", r#"{"name": "<referral>"}"#),
    ("ShortlistProvider", r#"{"name": "<referral>", "provider": "<my_provider>"}"#),
    ("EndShortlisting", r#"{"name": "<referral>", "provider": "<my_provider>"}"#),
    ("WatchReleasedReferrals", r#"{"parent": "<provider>"}"#),
    ("ReadShortlistedReferral", r#"{"name": "<referral>"}"#),
    ("AskQuestion", r#"{"parent": "<referral>", "text": "Is there a garden?"}"#),
    (
        "AnswerQuestion",
        r#"{"name": "<referral>/questions/00000000-0000-5000-8000-000000000001", "text": "There is."}"#,
    ),
    ("ListQuestions", r#"{"parent": "<referral>", "page_size": 200}"#),
    (
        "EvaluateOffer",
        r#"{"name": "<offer>", "scores": [{"criterion": "SKILLS", "score": 8}], "scorer": "post-1",
            "rationale": "Skilled carers."}"#,
    ),
    ("ListEvaluations", r#"{"parent": "<referral>", "page_size": 200}"#),
    ("LinkSiblings", r#"{"name": "<referral>", "siblings": []}"#),
    ("ListInvitations", r#"{"parent": "<referral>", "cascade_step": "FRAMEWORK", "page_size": 200}"#),
    (
        "WaiveCascadeStep",
        r#"{"name": "<referral>", "step": "IN_HOUSE_FOSTERING", "reason": "FAMILY_DECLINED",
            "approval": {"approver": "post-1", "role": "HEAD_OF_SERVICE"}}"#,
    ),
    (
        "RecordGateDecision",
        r#"{"offer": "<offer>", "gate": "RESIDENTIAL_PANEL", "decision": "APPROVED", "on": "<today>",
            "by": {"approver": "post-1", "role": "HEAD_OF_SERVICE"}}"#,
    ),
    ("LinkReferral", r#"{"name": "<referral>", "follows": {"award": "<award>", "kind": "MOVE"}}"#),
    ("GetStability", r#"{"name": "<council>/stability/2027", "with_referrals": true}"#),
    ("RevealIdentity", r#"{"name": "<referral>", "purpose": "SAFEGUARDING"}"#),
    ("EraseIdentity", r#"{"name": "<referral>", "parts": ["SEALED_PART_NARRATIVE"]}"#),
    ("RegisterProvider", r#"{"provider_id": "new-homes", "display_name": "New homes"}"#),
    (
        "RegisterEstablishment",
        r#"{"urn": "NEW-1", "provider": "<provider>", "provision": "RESIDENTIAL", "place_code": "K2", "utla": "841",
            "sector": "DL1 5", "registered_on": "<today>", "status": "REGISTRATION_STATUS_ACTIVE", "grade": "GOOD",
            "age_from": 5, "age_to": 17, "sexes": "SEXES_ANY", "places_registered": 2}"#,
    ),
    ("AmendEstablishment", r#"{"name": "<establishment>", "grade": "OUTSTANDING", "age_from": 4}"#),
    (
        "ReadRegisterPart",
        r#"{"as_of": "<today>", "file_sha256": "abababababababababababababababababababababababababababababababab",
            "rows": [{"urn": "NEW-2", "provider": "<provider>", "provider_display_name": "Homes",
            "provision": "RESIDENTIAL", "place_code": "K2", "utla": "841", "registered_on": "<today>",
            "status": "REGISTRATION_STATUS_ACTIVE", "grade": "GOOD", "places_registered": 2, "age_from": 5, "age_to": 17}]}"#,
    ),
    (
        "FinishRegisterImport",
        r#"{"as_of": "<today>", "rows": 1,
            "file_sha256": "abababababababababababababababababababababababababababababababab"}"#,
    ),
    ("ListRegisterImports", r#"{"page_size": 200}"#),
    ("ListRegisterChanges", r#"{"as_of": "<today>", "page_size": 200}"#),
    ("ServeRestrictionNotice", r#"{"name": "<establishment>", "on": "<today>"}"#),
    ("LiftRestrictionNotice", r#"{"name": "<establishment>", "on": "<today>"}"#),
    ("GetEstablishment", r#"{"name": "<establishment>"}"#),
    ("ListEstablishments", r#"{"parent": "providers/-", "page_size": 200}"#),
    ("GetEstablishmentHistory", r#"{"name": "<establishment>", "as_of": "<today>"}"#),
    (
        "SetStatementOfPurpose",
        r#"{"provider": "<provider>", "establishment": "<establishment>", "on": "<today>", "text": "Two children."}"#,
    ),
    (
        "RegisterHousehold",
        r#"{"provider": "<provider>", "establishment": "<agency>", "approval": {"approved_on": "2025-01-01", "children": 2,
            "age_from": 8, "age_to": 15, "sexes": "SEXES_ANY", "sibling_groups": true}, "sector": "DL1 5", "utla": "841"}"#,
    ),
    (
        "AmendHousehold",
        r#"{"provider": "<provider>", "household": "<household>", "approval": {"approved_on": "<today>", "children": 1,
            "age_from": 8, "age_to": 15, "sexes": "SEXES_ANY"}}"#,
    ),
    ("CloseHousehold", r#"{"provider": "<provider>", "household": "<household>", "on": "<today>"}"#),
    ("GetHousehold", r#"{"name": "<household>"}"#),
    ("ListHouseholds", r#"{"parent": "<agency>", "page_size": 200}"#),
    ("OpenPlaces", r#"{"provider": "<provider>", "establishment": "<establishment>", "count": 1}"#),
    ("ClosePlace", r#"{"provider": "<provider>", "place": "<place>"}"#),
    (
        "AdvertiseVacancy",
        r#"{"provider": "<provider>", "place": "<place>", "vacancy": {"available_from": "<today>", "needs": ["TRAUMA"],
            "sexes": "SEXES_ANY", "age_from": 6, "age_to": 16, "note": "by the river"}}"#,
    ),
    ("WithdrawVacancy", r#"{"provider": "<provider>", "place": "<place>"}"#),
    ("ConfirmVacancy", r#"{"provider": "<provider>", "place": "<place>"}"#),
    (
        "UpsertVacancies",
        r#"{"provider": "<provider>", "items": [{"place": "<place>", "action": "VACANCY_ACTION_ADVERTISE",
            "vacancy": {"available_from": "<today>", "needs": ["TRAUMA"], "sexes": "SEXES_ANY", "age_from": 6,
            "age_to": 16, "note": "by the river"}}]}"#,
    ),
    ("GetPlace", r#"{"name": "<place>"}"#),
    ("GetPlaceCalendar", r#"{"name": "<place>", "to": "2026-07-01"}"#),
    ("ListPlaces", r#"{"parent": "<provider>", "page_size": 200}"#),
    (
        "SearchVacancies",
        r#"{"council": "<council>", "provisions": ["RESIDENTIAL"], "age_years": 12, "sex": "F", "needs": ["TRAUMA"],
            "near": "DL1 5", "within_tenths_of_mile": 900, "grade_at_least": "GOOD", "available_on": "<today>"}"#,
    ),
    (
        "WatchVacancies",
        r#"{"council": "<council>", "need": {"provisions": ["RESIDENTIAL"], "near": "DL1"}, "age_from": 10, "age_to": 15}"#,
    ),
    (
        "HoldPlace",
        r#"{"council": "<council>", "place": "<my_place>", "referral": "<referral>", "referral_version": 1,
            "lease_seconds": 600}"#,
    ),
    ("ReleaseHold", r#"{"council": "<council>", "place": "<my_place>", "token": "1"}"#),
    ("GetHoldPolicy", r#"{"name": "<council>/holdPolicy"}"#),
    (
        "SetHoldPolicy",
        r#"{"name": "<council>/holdPolicy", "policy": {"etag": "0", "council_holds_max": 50, "referral_holds_max": 3,
            "lease_seconds_default": 3600, "lease_seconds_max": 259200}}"#,
    ),
    (
        "ReservePlace",
        r#"{"council": "<council>", "place": "<my_place>", "from": "<today>", "until": "2026-07-01", "weekly_pence": "105000",
            "approver": "post-1"}"#,
    ),
    ("EndReservation", r#"{"council": "<council>", "place": "<my_place>", "token": "1", "on": "<today>"}"#),
    ("ListReservations", r#"{"parent": "<council>", "page_size": 200}"#),
    (
        "OfferBlock",
        r#"{"provider": "<provider>", "place": "<place>", "council": "councils/841", "terms": {"from": "<today>",
            "until": "2027-01-01", "weekly_pence": "400000", "resale_weekly_pence": "300000"}}"#,
    ),
    ("AcceptBlock", r#"{"council": "<council>", "place": "<my_place>", "block": "1", "approver": "post-1"}"#),
    ("DeclineBlock", r#"{"council": "<council>", "place": "<my_place>", "block": "1"}"#),
    ("EndBlock", r#"{"party": "<self>", "place": "<place>", "block": "1", "on": "<today>"}"#),
    ("ListBlocks", r#"{"parent": "<council>", "page_size": 200}"#),
    (
        "OfferResale",
        r#"{"council": "<council>", "place": "<my_place>", "block": "1", "from": "<today>", "until": "2026-07-01",
            "weekly_pence": "250000"}"#,
    ),
    ("WithdrawResale", r#"{"council": "<council>", "place": "<my_place>", "resale": "1"}"#),
    (
        "BuyResale",
        r#"{"council": "<council>", "place": "<my_place>", "resale": "1", "weekly_pence": "250000", "approver": "post-1"}"#,
    ),
    ("ListResales", r#"{"parent": "<council>", "page_size": 200}"#),
    ("ListAgreedNights", r#"{"parent": "<self>", "page_size": 200}"#),
    (
        "CreateFramework",
        r#"{"name": "<framework>", "display_name": "Again", "lead_council": "<council>",
            "regime": "REGIME_PROCUREMENT_ACT_2023", "starts": "2026-01-01", "ends": "2030-01-01",
            "grade_floor": {"lowest_grade": "GOOD", "ungraded_allowed": true}}"#,
    ),
    ("GetFramework", r#"{"name": "<framework>"}"#),
    ("ListFrameworks", r#"{"member": "<council>"}"#),
    ("AddMember", r#"{"name": "<framework>", "council": "councils/E06000059", "from": "2026-02-01"}"#),
    ("RemoveMember", r#"{"name": "<framework>", "council": "councils/E06000059", "on": "2029-02-01"}"#),
    (
        "AddLot",
        r#"{"parent": "<framework>", "lot": {"lot": "secure", "display_name": "Secure", "provisions": ["SECURE"],
            "age_from": 10, "age_to": 17, "levels": [{"level": "core", "ceiling_weekly_pence": "900000"}]}}"#,
    ),
    (
        "AdmitProvider",
        r#"{"parent": "<framework>", "lot": "all", "provider": "<provider>", "from": "2026-02-01",
            "prices": [{"level": "core", "core_weekly_pence": "590000"}]}"#,
    ),
    (
        "SuspendProvider",
        r#"{"parent": "<framework>", "provider": "<provider>", "establishment": "<establishment>",
            "reason": "under review", "from": "2029-01-01"}"#,
    ),
    (
        "LiftSuspension",
        r#"{"parent": "<framework>", "provider": "<provider>", "establishment": "<establishment>", "on": "2029-02-01"}"#,
    ),
    ("ListFrameworkProviders", r#"{"parent": "<framework>"}"#),
    (
        "CheckCallOff",
        r#"{"parent": "<council>", "provider": "<my_provider>", "establishment": "<my_establishment>",
            "provision": "RESIDENTIAL", "grade": "GOOD", "age_years": 12, "start": "<today>",
            "route": {"framework": {"framework": "<my_framework>", "lot": "all", "level": "core"}},
            "lines": [{"kind": "CORE", "weekly_pence": "400000"}],
            "funders": [{"funder": "SOCIAL_CARE", "basis_points": 10000}]}"#,
    ),
    (
        "SetEvaluationWeights",
        r#"{"name": "<framework>", "from": "2029-01-01", "weights": [{"criterion": "PRICE", "basis_points": 4000},
            {"criterion": "SKILLS", "basis_points": 6000}]}"#,
    ),
    ("ReopenFramework", r#"{"name": "<framework>", "opens": "2029-03-01", "closes": "2029-03-31"}"#),
    ("ExtendFramework", r#"{"name": "<framework>", "to": "2031-12-31", "reason": "more time"}"#),
    (
        "AgreeDiscount",
        r#"{"parent": "<framework>", "discount": {"lot": "all", "provider": "<provider>", "sibling": {"nth": 2},
            "basis_points": 500, "from": "2029-01-01"}}"#,
    ),
    ("EndDiscount", r#"{"name": "<framework>/discounts/1", "on": "2029-02-01"}"#),
    (
        "NominateLinkAuthority",
        r#"{"parent": "<framework>", "provider": "<provider>", "council": "<council>"}"#,
    ),
    (
        "RequestUplift",
        r#"{"parent": "<framework>", "provider": "<provider>", "amount": {"basis_points": 400}, "from": "2029-01-01",
            "grounds": "costs"}"#,
    ),
    (
        "NegotiateUplift",
        r#"{"name": "<framework>/uplifts/1", "recommended": {"basis_points": 300}, "from": "2029-01-01",
            "reason": "as the accounts show"}"#,
    ),
    ("ListUplifts", r#"{"parent": "<framework>"}"#),
    (
        "SuspendForCouncil",
        r#"{"parent": "<council>", "framework": "<framework>", "provider": "<provider>",
            "establishments": ["<establishment>"], "reason": "under review", "from": "2029-01-01"}"#,
    ),
    (
        "LiftForCouncil",
        r#"{"parent": "<council>", "framework": "<framework>", "provider": "<provider>",
            "establishments": ["<establishment>"], "on": "2029-02-01"}"#,
    ),
    ("GetSuspensionImpact", r#"{"parent": "<framework>", "provider": "<provider>"}"#),
    ("GetFrameworkClocks", r#"{"name": "<framework>"}"#),
    ("ListPlacementReviews", r#"{"parent": "<council>", "page_size": 200}"#),
    (
        "ConcludePlacementReview",
        r#"{"name": "<agreement>", "framework": "<my_framework>", "suspension": 1, "reviewed_on": "<today>",
            "outcome": "PLACEMENT_REVIEW_OUTCOME_STAYS", "reason": "settled and safe", "post": "Head of service"}"#,
    ),
    ("GetAgreement", r#"{"name": "<agreement>"}"#),
    ("ListAgreements", r#"{"parent": "<self>", "page_size": 200}"#),
    ("StartPlacement", r#"{"name": "<agreement>", "on": "<today>"}"#),
    ("EndPlacement", r#"{"name": "<agreement>", "on": "2026-06-20", "reason": "CARPL"}"#),
    ("WithdrawEnd", r#"{"name": "<agreement>", "reason": "the carers keep the child"}"#),
    ("CancelAgreement", r#"{"name": "<agreement>", "reason": "OTHER"}"#),
    (
        "GiveNotice",
        r#"{"parent": "<agreement>", "given_on": "<today>", "last_day": "<today>", "reason": "NEEDS",
            "short_notice": {"why": "IMMEDIATE_RISK"}}"#,
    ),
    ("WithdrawNotice", r#"{"name": "<agreement>/notices/1"}"#),
    ("ListNotices", r#"{"parent": "<self>", "state": "NOTICE_STATE_UNSPECIFIED", "page_size": 200}"#),
    (
        "StartStayingPut",
        r#"{"name": "<agreement>", "on": "<today>", "lines": [{"kind": "CORE", "weekly_pence": "20000"}]}"#,
    ),
    ("EndStayingPut", r#"{"name": "<agreement>", "on": "<today>"}"#),
    (
        "SignAgreement",
        r#"{"name": "<agreement>", "post": "Head of commissioning", "signed_on": "<today>", "consents": true}"#,
    ),
    (
        "ProposeAmendment",
        r#"{"parent": "<agreement>", "changes": {"from": "<today>", "notice_days": 56, "reason": "longer notice"}}"#,
    ),
    (
        "SignAmendment",
        r#"{"name": "<agreement>/amendments/1", "post": "Registered manager", "signed_on": "<today>", "consents": true}"#,
    ),
    ("DeclineAmendment", r#"{"name": "<agreement>/amendments/1", "reason": "not funded"}"#),
    ("WithdrawAmendment", r#"{"name": "<agreement>/amendments/1", "reason": "not needed"}"#),
    ("ListAmendments", r#"{"parent": "<agreement>", "page_size": 200}"#),
    ("RecordAbsence", r#"{"parent": "<agreement>", "kind": "HOSPITAL", "from": "<today>"}"#),
    (
        "DecideUplift",
        r#"{"parent": "<council>", "provider": "<my_provider>", "reference": "2027-28", "asked_basis_points": 500,
            "reason": "not affordable", "approver": "Director of children's services"}"#,
    ),
    (
        "CorrectUplift",
        r#"{"name": "<council>/upliftDecisions/1", "reason": "mistyped", "approver": "Director of children's services"}"#,
    ),
    ("ListUpliftDecisions", r#"{"parent": "<council>"}"#),
    (
        "RecordPurchase",
        r#"{"name": "<agreement>", "purchase": {"in_house": {"basis": "actual cost"}, "approver": "Head of commissioning",
            "role": "HEAD_OF_SERVICE"}}"#,
    ),
    (
        "EvidenceOutcome",
        r#"{"parent": "<agreement>", "outcome": 1, "achieved_on": "<today>", "evidence": "minutes of the review"}"#,
    ),
    (
        "DecideOutcome",
        r#"{"parent": "<agreement>", "payment": 1, "accepted": true, "approver": "Head of commissioning"}"#,
    ),
    ("PrintAgreement", r#"{"name": "<agreement>", "format": "PRINT_FORMAT_JSON"}"#),
    ("GetMonitoring", r#"{"scope": "<self>", "from_quarter": "2025-26-Q4", "to_quarter": "2026-27-Q1"}"#),
    ("GetMonitoringDocument", r#"{"scope": "<self>", "format": "MONITORING_FORMAT_CSV"}"#),
    ("AccrueNights", r#"{"parent": "<council>", "through": "<today>", "agreement": "<agreement>"}"#),
    ("IssueInvoices", r#"{"parent": "<council>", "through": "<today>", "provider": "<my_provider>"}"#),
    ("GetInvoice", r#"{"name": "<invoice>"}"#),
    ("ListInvoices", r#"{"parent": "<self>", "page_size": 200}"#),
    ("RecordPayment", r#"{"name": "<invoice>", "paid_on": "<today>"}"#),
    ("ClosePeriod", r#"{"parent": "<council>", "month": "2026-04", "leave_uncharged": true}"#),
    ("GetLedger", r#"{"parent": "<council>", "as_of": "2027-01-01", "known_at": "2027-01-01T09:00:00Z"}"#),
    (
        "GetStatement",
        r#"{"parent": "<council>", "provider": "<my_provider>", "agreement": "<agreement>", "from": "2026-01-01",
            "to": "2027-01-01", "page_size": 200}"#,
    ),
    ("ListCharges", r#"{"parent": "<council>", "agreement": "<agreement>"}"#),
    ("ListAgedPayables", r#"{"parent": "<council>", "as_of": "<today>", "page_size": 200}"#),
    ("GetForecast", r#"{"parent": "<council>", "day": "<today>"}"#),
    (
        "ExportJournal",
        r#"{"parent": "<council>", "format": "JOURNAL_FORMAT_HLEDGER", "as_of": "2027-01-01", "known_at": "2027-01-01T09:00:00Z",
            "from": "2026-01-01", "to": "2027-01-01"}"#,
    ),
    ("GetInvoiceDocument", r#"{"name": "<invoice>", "format": "DOCUMENT_FORMAT_UBL"}"#),
    (
        "SubmitInvoice",
        r#"{"parent": "<council>", "provider": "<provider>", "number": "S-1", "kind": "SENT_KIND_INVOICE", "issued_on": "<today>",
            "lines": [{"agreement": "<agreement>", "kind": "CORE", "start": "2026-05-31", "end": "2026-06-01", "quantity": "1",
            "net_pence": "70000", "vat": "EXEMPT"}], "net_pence": "70000"}"#,
    ),
    (
        "SubmitInvoiceDocument",
        r#"{"parent": "<council>", "provider": "<provider>", "format": "SENT_FORMAT_CSV", "content": "a2luZCxudW1iZXIK"}"#,
    ),
    ("GetSupplierInvoice", r#"{"name": "<sent_invoice>"}"#),
    ("ListSupplierInvoices", r#"{"parent": "<self>", "page_size": 200}"#),
    (
        "QueryInvoice",
        r#"{"name": "<sent_invoice>", "lines": [1], "reason": "NIGHTS", "text": "he was not there"}"#,
    ),
    ("AnswerInvoiceQuery", r#"{"name": "<sent_invoice>", "text": "he was there"}"#),
    (
        "ResolveInvoiceQuery",
        r#"{"name": "<sent_invoice>", "outcome": "QUERY_OUTCOME_PROVIDER_CREDITS", "text": "as agreed"}"#,
    ),
    (
        "ArrangeBilling",
        r#"{"parent": "<council>", "provider": "<provider>", "mode": "BILLING_MODE_SUPPLIER_INVOICES", "from": "2026-07-01",
            "council_by": "Head of finance", "provider_by": "Finance director", "agreed_on": "<today>"}"#,
    ),
    ("ListBillingArrangements", r#"{"parent": "<self>", "page_size": 200}"#),
    (
        "SetMatchTolerance",
        r#"{"parent": "<council>", "from": "<today>", "tolerance": {"line_pence": "100", "line_basis_points": "10"},
            "approver": "Head of finance"}"#,
    ),
    ("GetMatchTolerance", r#"{"parent": "<council>", "on": "<today>"}"#),
    (
        "SetPaymentPolicy",
        r#"{"name": "<council>/paymentPolicy", "policy": {"service_user": "123456", "first_run_on": "2026-06-26",
            "payer": {"sort_code": "201575", "account_number": "12345678", "account_name": "The council"}}}"#,
    ),
    ("GetPaymentPolicy", r#"{"name": "<council>/paymentPolicy"}"#),
    (
        "RecordBankDetails",
        r#"{"name": "<bank_details>", "account": {"sort_code": "301234", "account_number": "87654321", "account_name": "A provider"}}"#,
    ),
    (
        "VerifyBankDetails",
        r#"{"name": "<bank_details>", "revision": 1, "how": "called the number on the contract"}"#,
    ),
    ("GetBankDetails", r#"{"name": "<bank_details>"}"#),
    ("ListBankDetails", r#"{"parent": "<council>", "page_size": 200}"#),
    (
        "ProposePaymentRun",
        r#"{"parent": "<council>", "pay_on": "2026-06-26", "due_by": "2026-07-31", "providers": ["<my_provider>"]}"#,
    ),
    ("ApprovePaymentRun", r#"{"name": "<payment_run>"}"#),
    ("RejectPaymentRun", r#"{"name": "<payment_run>", "reason": "a wrong sum"}"#),
    ("GetPaymentRun", r#"{"name": "<payment_run>"}"#),
    ("ListPaymentRuns", r#"{"parent": "<council>", "page_size": 200}"#),
    ("GetPaymentRunDocument", r#"{"name": "<payment_run>", "format": "PAYMENT_RUN_FORMAT_CSV"}"#),
    ("RecordPaymentReturned", r#"{"name": "<invoice>", "reason": "account closed"}"#),
    ("GetPromptPayment", r#"{"parent": "<council>", "from": "2026-04-01", "to": "2026-09-30"}"#),
    (
        "RecordTaxDetails",
        r#"{"name": "<tax_details>", "standing": {"from": "2026-02-01", "vat_number": "GB220430231"}}"#,
    ),
    ("VerifyTaxDetails", r#"{"name": "<tax_details>", "revision": 1, "how": "asked HMRC's checker"}"#),
    ("GetTaxDetails", r#"{"name": "<tax_details>"}"#),
    ("ListLogs", r#"{"parent": "<self>", "page_size": 200}"#),
    ("GetLogHead", r#"{"log": "<log>"}"#),
    (
        "SearchEvents",
        r#"{"filter": {"council": "<council>", "service": "referrals", "log": "<log>", "event_types": ["ReferralPosted"],
            "recorded_from": "2026-01-01T00:00:00Z"}, "order": "EVENT_ORDER_POSITION", "page_size": 200}"#,
    ),
    ("GetEvent", r#"{"log": "<log>", "position": "1"}"#),
    (
        "FollowEvents",
        r#"{"filter": {"council": "<council>", "log": "<log>"}, "after": [{"log": "<log>", "position": "1"}]}"#,
    ),
    ("VerifyLogs", r#"{"logs": ["<log>"]}"#),
    ("ReadLog", r#"{"log": "<log>", "page_size": 1}"#),
    ("GetProgress", "{}"),
    ("GetStates", "{}"),
    ("MoveClock", r#"{"to": "2026-06-01T09:00:00Z"}"#),
    ("ListDeadLetters", r#"{"reaction": "invoicing", "page_size": 200}"#),
    ("RetryDeadLetters", r#"{"reaction": "invoicing", "source": "<log>", "stream": "agreement/1"}"#),
    (
        "DiscardDeadLetter",
        r#"{"reaction": "invoicing", "source": "<log>", "position": "1", "reason": "it is obsolete"}"#,
    ),
];

const REQUIREMENTS: &str = r#"{"provisions": ["RESIDENTIAL"], "age_years": 12, "sex": "F", "needs": ["TRAUMA"],
    "category_of_need": "N1", "legal_status": "C2", "urgency": "EMERGENCY", "needed_from": "<today>",
    "expected_weeks": 26, "anchor": "DL1 5", "max_distance_miles": 40, "sibling_group_size": 1, "budget_code": "CLA-1",
    "funders": [{"funder": "SOCIAL_CARE", "basis_points": 10000}]}"#;

/// The sample of a method, which must have one, before names are filled in.
pub(crate) fn template(method: &MethodDescriptor) -> String {
    let sample = SAMPLES.iter().find(|(name, _)| *name == method.name());
    let (_, text) = sample.unwrap_or_else(|| panic!("{} has no sample: write one here", method.full_name()));
    text.replace("<requirements>", REQUIREMENTS).replace("<today>", TODAY)
}

/// The sample of a method as `caller` would send it about what is named.
pub(crate) fn sample(method: &MethodDescriptor, names: &Names, self_name: &str) -> DynamicMessage {
    let mut text = template(method).replace("<self>", self_name);
    for (name, value) in names {
        text = text.replace(&format!("<{name}>"), value);
    }
    assert!(!text.contains('<'), "{}: a name is missing in {text}", method.name());
    crate::wire::from_json(method, &text)
}

/// The sample of a method as a caller would send it about its own.
pub(crate) fn own_sample(method: &MethodDescriptor, names: &Names, caller: &Party) -> DynamicMessage {
    sample(method, names, &caller.name())
}
