//! Every method has a rule, and no rule is about a method that is not there.

use prost::Message;
use prost_types::FileDescriptorSet;
use std::collections::BTreeSet;

#[test]
fn every_method_has_one_rule() {
    let set = FileDescriptorSet::decode(api::DESCRIPTORS).unwrap();
    let mut methods = BTreeSet::new();
    for file in set.file.iter().filter(|file| file.package() == "brokerage.referrals.v1") {
        for service in &file.service {
            let path = |method: &str| format!("/{}.{}/{method}", file.package(), service.name());
            methods.extend(service.method.iter().map(|method| path(method.name())));
        }
    }
    let ruled: Vec<_> = referrals::RULES.iter().map(|rule| rule.method.to_owned()).collect();
    assert_eq!(ruled.iter().cloned().collect::<BTreeSet<_>>(), methods);
    assert_eq!(ruled.len(), methods.len(), "two rules for one method");
}
