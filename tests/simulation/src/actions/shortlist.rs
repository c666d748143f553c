//! What passes between a council and those whom it considers: the shortlist and its reading, questions and their answers.

use super::council::sealed;
use crate::breach::Checked;
use crate::world::World;
use care::{ProviderId, QuestionId, ReferralId};
use referrals_domain::{
    AnswerQuestion, AskQuestion, EndShortlisting, KeyPurpose, ReadShortlisted, ShortlistProvider,
};

impl World {
    /// Somebody to whom the referral was released, and sometimes anybody.
    pub(super) fn invited(&mut self, desk: usize, referral: ReferralId) -> Option<ProviderId> {
        let known: Vec<ProviderId> = self
            .referral(desk, referral)
            .map(|found| found.releases.keys().cloned().collect())
            .unwrap_or_default();
        let anybody = known.is_empty() || self.chance.percent(3);
        self.chance.one_of(if anybody { &self.providers } else { &known }).cloned()
    }

    pub(super) fn shortlist(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.open_referral(desk, |it| !it.releases.is_empty()) else { return Ok(()) };
        let Some(provider) = self.invited(desk, referral) else { return Ok(()) };
        let version = self.referral(desk, referral).map_or(1, |it| it.version);
        let referral_version = version - u32::from(version > 1 && self.chance.percent(3));
        let envelope = Some(self.envelope(desk, referral, (&provider, KeyPurpose::Narrative)));
        let command = ShortlistProvider { referral, referral_version, provider, envelope, at: self.now };
        self.ask_referrals(desk, &command.into())?;
        Ok(())
    }

    pub(super) fn end_shortlisting(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.some_referral(desk) else { return Ok(()) };
        let Some(provider) = self.invited(desk, referral) else { return Ok(()) };
        self.ask_referrals(desk, &EndShortlisting { referral, provider, at: self.now }.into())?;
        Ok(())
    }

    pub(super) fn read_shortlisted(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.some_referral(desk) else { return Ok(()) };
        let Some(provider) = self.invited(desk, referral) else { return Ok(()) };
        let envelopes = self.envelopes_of_grant(desk, referral, &provider);
        self.ask_referrals(desk, &ReadShortlisted { referral, provider, envelopes, at: self.now }.into())?;
        Ok(())
    }

    pub(super) fn ask_question(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.open_referral(desk, |it| it.questions.len() < 5) else { return Ok(()) };
        let Some(provider) = self.invited(desk, referral) else { return Ok(()) };
        let known = self.referral(desk, referral).and_then(|it| it.questions.first()).map(|it| it.id);
        let again = known.filter(|_| self.chance.percent(3));
        let question = again.unwrap_or_else(|| QuestionId(self.chance.uuid()));
        let command = AskQuestion { question, referral, provider, text: sealed("question"), at: self.now };
        self.ask_referrals(desk, &command.into())?;
        Ok(())
    }

    pub(super) fn answer_question(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.open_referral(desk, |it| !it.questions.is_empty()) else { return Ok(()) };
        let asked: Vec<QuestionId> = self
            .referral(desk, referral)
            .map(|found| found.questions.iter().map(|it| it.id).collect())
            .unwrap_or_default();
        let unknown = asked.is_empty() || self.chance.percent(3);
        let known = self.chance.one_of(&asked).copied().filter(|_| !unknown);
        let question = known.unwrap_or_else(|| QuestionId(self.chance.uuid()));
        let command = AnswerQuestion { referral, question, text: sealed("answer"), at: self.now };
        self.ask_referrals(desk, &command.into())?;
        Ok(())
    }
}
