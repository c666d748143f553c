//! Who may call what: councils and framework leads read the logs that are theirs, providers none. Whose a log is, `reader` decides.

use service_kit::{Access, Rule};

const fn rule(method: &'static str) -> Rule {
    Rule::new(method, Access::Own, Access::Never, Access::Own)
}

/// A rule per RPC.
pub const RULES: &[Rule] = &[
    rule("/brokerage.audit.v1.AuditService/ListLogs"),
    rule("/brokerage.audit.v1.AuditService/GetLogHead"),
    rule("/brokerage.audit.v1.AuditService/SearchEvents"),
    rule("/brokerage.audit.v1.AuditService/GetEvent"),
    rule("/brokerage.audit.v1.AuditService/FollowEvents"),
    rule("/brokerage.audit.v1.AuditService/VerifyLogs"),
];
