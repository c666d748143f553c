//! Who may call what. Prices are commercially sensitive: a provider sees its own, a council those of its frameworks.

use service_kit::Access::{Any, Granted, Never, Own};
use service_kit::Rule;

/// The rule of each method.
pub const RULES: &[Rule] = &[
    Rule::new("/brokerage.contracts.v1.ContractsService/CreateFramework", Never, Never, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/GetFramework", Any, Any, Any),
    Rule::new("/brokerage.contracts.v1.ContractsService/ListFrameworks", Any, Any, Any),
    Rule::new("/brokerage.contracts.v1.ContractsService/AddMember", Never, Never, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/RemoveMember", Never, Never, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/AddLot", Never, Never, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/AdmitProvider", Never, Never, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/SuspendProvider", Never, Never, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/LiftSuspension", Never, Never, Own),
    // A provider may ask any framework, and is shown its own entry alone.
    Rule::new("/brokerage.contracts.v1.ContractsService/ListFrameworkProviders", Granted, Any, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/CheckCallOff", Own, Never, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/GetAgreement", Own, Granted, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/ListAgreements", Own, Own, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/StartPlacement", Own, Never, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/EndPlacement", Own, Never, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/CancelAgreement", Own, Never, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/SetEvaluationWeights", Never, Never, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/GiveNotice", Own, Granted, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/WithdrawNotice", Own, Granted, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/ListNotices", Own, Own, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/StartStayingPut", Own, Never, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/EndStayingPut", Own, Never, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/ReopenFramework", Never, Never, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/ExtendFramework", Never, Never, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/AgreeDiscount", Never, Never, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/EndDiscount", Never, Never, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/NominateLinkAuthority", Never, Never, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/RequestUplift", Never, Own, Never),
    // A council that was nominated negotiates; the domain says who that is.
    Rule::new("/brokerage.contracts.v1.ContractsService/NegotiateUplift", Granted, Never, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/ListUplifts", Granted, Any, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/SuspendForCouncil", Own, Never, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/LiftForCouncil", Own, Never, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/GetSuspensionImpact", Granted, Never, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/GetFrameworkClocks", Any, Any, Any),
    Rule::new("/brokerage.contracts.v1.ContractsService/SignAgreement", Own, Granted, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/ProposeAmendment", Own, Granted, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/SignAmendment", Own, Granted, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/DeclineAmendment", Own, Granted, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/WithdrawAmendment", Own, Granted, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/ListAmendments", Own, Granted, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/RecordAbsence", Own, Granted, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/DecideUplift", Own, Never, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/CorrectUplift", Own, Never, Never),
    // A provider reads what is about itself of any council.
    Rule::new("/brokerage.contracts.v1.ContractsService/ListUpliftDecisions", Own, Any, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/RecordPurchase", Own, Never, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/EvidenceOutcome", Never, Granted, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/DecideOutcome", Own, Never, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/PrintAgreement", Own, Granted, Never),
    // A council may ask about its frameworks too, and a lead about the providers of its own.
    Rule::new("/brokerage.contracts.v1.ContractsService/GetMonitoring", Own, Own, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/GetMonitoringDocument", Own, Own, Own),
    Rule::new("/brokerage.contracts.v1.ContractsService/ListPlacementReviews", Own, Never, Never),
    Rule::new("/brokerage.contracts.v1.ContractsService/ConcludePlacementReview", Own, Never, Never),
];
