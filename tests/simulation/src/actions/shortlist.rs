//! What passes between a council and those whom it considers: the shortlist and its reading.

use crate::breach::Checked;
use crate::world::World;
use care::{ProviderId, ReferralId};
use referrals_domain::{EndShortlisting, ReadShortlisted, ShortlistProvider};

impl World {
    /// Somebody to whom the referral was released, and sometimes anybody.
    fn invited(&mut self, desk: usize, referral: ReferralId) -> Option<ProviderId> {
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
        self.ask_referrals(desk, &ShortlistProvider { referral, provider, at: self.now }.into())?;
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
        self.ask_referrals(desk, &ReadShortlisted { referral, provider, at: self.now }.into())?;
        Ok(())
    }
}
