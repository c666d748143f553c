//! The topics as an AsyncAPI 3.0 document, made from the same declaration that makes the topics.

use super::cloud_event::HEADERS;
use super::topics::{PUBLISHED, Scope, Topics};
use std::fmt::Write as _;

/// The document, in YAML.
#[must_use]
pub fn async_api(topics: &Topics) -> String {
    let mut text = String::from(HEAD);
    let mut channels = String::new();
    let mut operations = String::new();
    for (service, scope, what) in PUBLISHED {
        let (key, owner) = match scope {
            Scope::Region => (format!("{}OfRegion", service.name()), None),
            Scope::EachCouncil => (format!("{}OfCouncil", service.name()), Some("{gss}")),
        };
        let address = topics.address(service, owner);
        // Writing to text cannot fail.
        let _ = write!(channels, "  {key}:\n    address: \"{address}\"\n    description: {what}.\n");
        if owner.is_some() {
            channels.push_str("    parameters:\n      gss:\n        $ref: \"#/components/parameters/gss\"\n");
        }
        channels.push_str("    messages:\n      event:\n        $ref: \"#/components/messages/event\"\n");
        channels.push_str(&bindings(topics));
        let _ = write!(
            operations,
            "  publish_{key}:\n    action: send\n    summary: Only the log's owner does, in the log's order, once for each \
             position.\n    channel:\n      $ref: \"#/channels/{key}\"\n  follow_{key}:\n    action: receive\n    summary: In \
             the order of positions; what was seen is dropped.\n    channel:\n      $ref: \"#/channels/{key}\"\n"
        );
    }
    let _ = write!(text, "channels:\n{channels}operations:\n{operations}{COMPONENTS}");
    for (name, _, what) in HEADERS {
        let _ = write!(
            text,
            "          {name}:\n            type: string\n            description: \"{what}.\"\n"
        );
    }
    text.push_str("        required:\n");
    for (name, ..) in HEADERS.iter().filter(|header| header.1) {
        let _ = writeln!(text, "          - {name}");
    }
    text
}

fn bindings(topics: &Topics) -> String {
    let mut text = String::from("    bindings:\n      kafka:\n");
    let (partitions, replicas) = topics.shape();
    let _ = write!(text, "        partitions: {partitions}\n        replicas: {replicas}\n");
    text.push_str("        topicConfiguration:\n");
    for (name, value) in topics.settings() {
        // The binding has a list where Kafka has a text, and numbers where Kafka has digits.
        let _ = match (name, value.parse::<i64>()) {
            ("cleanup.policy", _) => writeln!(text, "          {name}: [\"{value}\"]"),
            (_, Ok(number)) => writeln!(text, "          {name}: {number}"),
            (_, Err(_)) => writeln!(text, "          {name}: \"{value}\""),
        };
    }
    text.push_str("        bindingVersion: \"0.5.0\"\n");
    text
}

const HEAD: &str = "\
# Made by the tests of crates/exchange from the declaration in its kafka/topics.rs and kafka/cloud_event.rs. Do not edit.
asyncapi: 3.0.0
info:
  title: Events of the regional brokerage
  version: 1.0.0
  description: |
    Every log of the brokerage is published to a topic of its own: each position once, in order, keyed by stream, as a CloudEvent in
    binary mode. A topic can be made again from its log and is never the record. Consumers keep the last position that they have
    consumed with what they made of it, start after it, and drop what they have seen.
defaultContentType: application/json
";

const COMPONENTS: &str = "\
components:
  parameters:
    gss:
      description: The council's GSS code, such as E06000015.
  messages:
    event:
      name: event
      title: An event of the log
      contentType: application/json
      bindings:
        kafka:
          key:
            type: string
            description: The stream, so that a stream's events stay in one partition.
          bindingVersion: \"0.5.0\"
      payload:
        type: object
        description: The event's payload, as its type and dataversion say. Personal data in it is sealed.
      headers:
        type: object
        properties:
";

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_committed_document_is_what_the_declaration_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/asyncapi.yaml");
        let declared = async_api(&Topics::default());
        if std::env::var_os("UPDATE_ASYNCAPI").is_some() {
            std::fs::write(&path, &declared).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == declared,
            "deploy/asyncapi.yaml is not current: run this test with UPDATE_ASYNCAPI=1 and commit it"
        );
    }
}
