//! A recorded search as one stream: every place that was judged, with all that was found of it.
//!
//! It is made again once and read out beside what the service does otherwise, as fast as the caller takes it. Meanwhile it keeps the market of then,
//! of which there is a copy for each at worst: so there are few at once.

use super::Answer;
use super::explanations::{MadeAgain, Searched, left_out_by};
use super::searches::matched;
use crate::replay::Then;
use crate::{Referrals, form, render};
use api::referrals as proto;
use prost::Message as _;
use proto::export_search_response::Piece;
use proto::judgement::Judged;
use service_kit::{Caller, Endless, Fields, Teller, Told, refused, unavailable};
use std::sync::Arc;
use tokio::sync::mpsc;
use tonic::{Code, Request, Response, Status};

/// How many bytes the places of a message have at most, unless one alone has more.
const PLACES_BYTES_MAX: usize = 16_384;
/// How many messages are made before they can be sent.
const AHEAD_MAX: usize = 4;
/// How many searches are exported at once.
const EXPORTS_MAX: usize = 4;
/// How many by one council.
const EXPORTS_EACH_MAX: usize = 2;

/// An export on its way.
pub(crate) type Pieces = Told<proto::ExportSearchResponse>;

/// Those who export, none at first. One that is ended early has no totals, by which it is known.
pub(crate) fn exports() -> Arc<Endless> {
    Arc::new(Endless::at_most(EXPORTS_MAX, EXPORTS_EACH_MAX))
}

fn too_many() -> Status {
    let message = format!(
        "{EXPORTS_MAX} searches are exported at once, {EXPORTS_EACH_MAX} of them yours: wait until one has ended"
    );
    refused(Code::ResourceExhausted, "TOO_MANY_EXPORTS", message, [])
}

/// The places of the next message, and where messages go.
struct Chunks {
    to: mpsc::Sender<Piece>,
    judgements: Vec<proto::Judgement>,
    bytes: usize,
    told: proto::ExportedTotals,
}

/// Nobody listens any more.
struct Gone;

impl Chunks {
    fn new(to: mpsc::Sender<Piece>) -> Self {
        Self { to, judgements: Vec::new(), bytes: 0, told: proto::ExportedTotals::default() }
    }

    /// Waits until there is room.
    fn send(&self, piece: Piece) -> Result<(), Gone> {
        self.to.blocking_send(piece).map_err(|_| Gone)
    }

    fn put(&mut self, rank: u32, judged: Judged) -> Result<(), Gone> {
        match &judged {
            Judged::Match(_) => self.told.matches += 1,
            Judged::LeftOut(out) => {
                self.told.left_out += 1;
                self.told.findings += out.findings.len() as u64;
            }
        }
        let judgement = proto::Judgement { rank, judged: Some(judged) };
        // In its message it stands behind its field's number and its length.
        let alone = judgement.encoded_len();
        let bytes = 1 + prost::length_delimiter_len(alone) + alone;
        if self.bytes + bytes > PLACES_BYTES_MAX {
            self.flush()?;
        }
        self.bytes += bytes;
        self.judgements.push(judgement);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Gone> {
        let judgements = std::mem::take(&mut self.judgements);
        self.bytes = 0;
        if judgements.is_empty() {
            return Ok(());
        }
        self.send(Piece::Places(proto::ExportedPlaces { judgements }))
    }
}

/// Makes a search again and sends all of it.
fn told(searched: &Searched, then: &Then, mut chunks: Chunks) -> Result<(), Gone> {
    let criteria = searched.criteria();
    let MadeAgain { explained, digest, equal, same_rules } = searched.made_again(&then.index, &criteria);
    let found = explained.result(usize::MAX);
    let totals = proto::ExportedTotals {
        matches: found.matches_total,
        left_out: found.excluded.values().sum(),
        findings: explained.findings_total(),
    };
    chunks.send(Piece::Search(proto::ExportedSearch {
        search: Some(render::search(&searched.recorded, searched.number)),
        requirements: Some(render::requirements(&searched.asked)),
        digest,
        equal,
        same_rules,
        totals: Some(totals),
    }))?;
    for (rank, found) in (1..).zip(&found.matches) {
        chunks.put(rank, Judged::Match(matched(&then.market, found)))?;
    }
    let mut gone = None;
    explained.read_out(|it, findings| {
        // The rest is passed over, which takes milliseconds.
        if gone.is_none() {
            gone = chunks.put(0, Judged::LeftOut(left_out_by(&it, findings.iter().copied()))).err();
        }
    });
    gone.map_or(Ok(()), Err)?;
    chunks.flush()?;
    chunks.send(Piece::Totals(chunks.told))
}

/// Sends on what is made, as fast as the caller takes it. Where the call ends, so does the making: nobody takes the next piece.
async fn send_on(
    searched: Searched,
    then: Arc<Then>,
    teller: Teller<proto::ExportSearchResponse>,
) -> Result<(), Status> {
    let (to, mut made) = mpsc::channel(AHEAD_MAX);
    let making = tokio::task::spawn_blocking(move || told(&searched, &then, Chunks::new(to)));
    while let Some(piece) = made.recv().await {
        let _ = teller.send(Ok(proto::ExportSearchResponse { piece: Some(piece) })).await;
    }
    let made = making.await.map_err(|_| unavailable("the export was interrupted: ask again"))?;
    // That nobody listened could only be while the call had ended, and then this is not reached.
    made.map_err(|Gone| unavailable("the export was interrupted: ask again"))
}

impl Referrals {
    pub(super) async fn export(&self, request: Request<proto::ExportSearchRequest>) -> Answer<Pieces> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let name = form::search(&mut fields, "name", &message.name);
        let name = fields.finish(|| name)?;
        let searched = self.searched(&caller, name, &message.name).await?;
        let admission = self.exporting.admit(&caller.role.to_string()).ok_or_else(too_many)?;
        let then = self.market_at(searched.recorded.market_position).await?;
        Ok(Response::new(self.exporting.answer(admission, |teller| send_on(searched, then, teller))))
    }
}
