//! Sibling groups: which referrals belong together.

use super::Answer;
use crate::Referrals;
use crate::form;
use crate::render;
use api::referrals as proto;
use referrals_domain::{LinkSiblings, SIBLINGS_MAX};
use service_kit::{Caller, Fields, run_command};
use std::collections::BTreeSet;
use tonic::Request;

impl Referrals {
    pub(super) async fn link_siblings(
        &self,
        request: Request<proto::LinkSiblingsRequest>,
    ) -> Answer<proto::Referral> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "name", &message.name);
        let mut siblings = BTreeSet::new();
        if fields.at_most("siblings", message.siblings.len(), SIBLINGS_MAX - 1).is_some() {
            for (i, sibling) in message.siblings.iter().enumerate() {
                let field = format!("siblings[{i}]");
                let Some((council, id)) = form::referral(&mut fields, &field, sibling) else { continue };
                if name.is_some_and(|(own, _)| own != council) {
                    fields.violation(&field, "it is another council's referral");
                } else if !siblings.insert(id) {
                    fields.violation(&field, "is given twice");
                }
            }
        }
        let (council, referral) = fields.finish(|| name)?;
        let desk = self.own_desk(&caller, council)?;
        let at = caller.at;
        let command = LinkSiblings { referral, siblings, at };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), move |state, _| {
            render::referral_by_id(state, referral, at)
        })
        .await
    }
}
