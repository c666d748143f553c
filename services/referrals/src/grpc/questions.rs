//! Questions about a referral and their answers, which are sealed like its narrative.

use super::{Answer, pages};
use crate::Referrals;
use crate::desk::Desk;
use crate::form;
use crate::render;
use crate::seal::{Clear, Part, Person};
use crate::slips::PersonalDataInText;
use api::referrals as proto;
use care::{Domain as _, ProviderId, QuestionId, ReferralId};
use referrals_domain::{AnswerQuestion, AskQuestion, Command, Question, Referral, Rejection, Sealed, State};
use service_kit::{Caller, Fields, Role, refuse, run_command, timestamp};
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// The longest question, in characters.
const QUESTION_CHARS_MAX: usize = 2_000;
/// The longest answer, in characters.
const ANSWER_CHARS_MAX: usize = 4_000;

/// Refuses what would be refused whatever the text, before a key is made for it. A repeat is for the log to know.
fn refused_first(desk: &Desk, command: &Command) -> Result<(), Status> {
    match desk.engine.read(|state| referrals_domain::Referrals::decide(state, command)) {
        Ok(_) | Err(Rejection::QuestionExists(_) | Rejection::QuestionAnswered(_)) => Ok(()),
        Err(rejection) => Err(refuse(&rejection)),
    }
}

/// Who the child is, as far as it was ever said: nobody, where nothing was; none, where it was and cannot be read any more.
fn known(referral: &Referral, person: Option<Person>) -> Option<Person> {
    person.or_else(|| referral.identity.is_none().then(Person::default))
}

/// Whether a text names the child, or may: of one whose identity cannot be read any more nobody can tell.
fn names_child(person: Option<&Person>, text: &str) -> bool {
    person.is_none_or(|person| person.is_named_in(text))
}

/// Who reads a question: its council, or a provider.
enum Reader<'a> {
    Council,
    Provider(&'a ProviderId),
}

impl Reader<'_> {
    /// Whether it is shown at all: others than the asker see it once it is answered.
    fn sees(&self, it: &Question) -> bool {
        match self {
            Self::Council => true,
            Self::Provider(provider) => it.answer.is_some() || it.provider == **provider,
        }
    }
}

/// What stands in clear of a question.
fn outline(referral: &Referral, it: &Question, reader: &Reader<'_>) -> proto::Question {
    proto::Question {
        name: render::question_name(referral.council, referral.id, it.id),
        ask_time: Some(timestamp(it.at)),
        answer_time: it.answer.as_ref().map(|(_, at)| timestamp(*at)),
        own: matches!(reader, Reader::Provider(provider) if it.provider == **provider),
        provider: match reader {
            Reader::Council => service_kit::provider_name(&it.provider),
            Reader::Provider(_) => String::new(),
        },
        ..Default::default()
    }
}

fn outline_by_id(
    state: &State,
    referral: ReferralId,
    id: QuestionId,
    reader: &Reader<'_>,
) -> proto::Question {
    let found = state.referrals.get(&referral);
    let question = found.and_then(|it| it.questions.iter().find(|it| it.id == id).map(|q| (it, q)));
    question.map(|(referral, it)| outline(referral, it, reader)).unwrap_or_default()
}

impl Desk {
    fn text(&self, referral: ReferralId, part: Part, sealed: &Sealed) -> Result<String, Status> {
        self.vault.unseal_text(referral, part, sealed).map(Option::unwrap_or_default)
    }

    /// A question with its texts. One that names the child is kept back from whoever did not ask it.
    fn question(
        &self,
        referral: &Referral,
        it: &Question,
        person: Option<&Person>,
        reader: &Reader<'_>,
    ) -> Result<proto::Question, Status> {
        let mut shown = outline(referral, it, reader);
        let text = self.text(referral.id, Part::Question(it.id), &it.text)?;
        shown.text_withheld =
            !shown.own && matches!(reader, Reader::Provider(_)) && names_child(person, &text);
        if !shown.text_withheld {
            shown.text = text;
        }
        if let Some((answer, _)) = &it.answer {
            let answer = self.text(referral.id, Part::Answer(it.id), answer)?;
            // The name may have become known since it was given.
            shown.answer_withheld = matches!(reader, Reader::Provider(_)) && names_child(person, &answer);
            if !shown.answer_withheld {
                shown.answer = answer;
            }
        }
        Ok(shown)
    }
}

impl Referrals {
    pub(super) async fn ask(&self, request: Request<proto::AskQuestionRequest>) -> Answer<proto::Question> {
        let caller = Caller::of(&request)?;
        let provider = caller.provider()?.clone();
        let mut message = request.into_inner();
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "parent", &message.parent);
        let text = fields.text("text", &message.text, QUESTION_CHARS_MAX);
        let ((council, referral), text) = fields.finish(|| name.zip(text))?;
        let desk = self.named_desk(council, &Rejection::ReferralUnknown(referral))?;
        // At random, so that whoever guesses another's request id cannot tell whether it asked; a repeat means the same question.
        let before = desk.question_before(&caller, &message.request_id).await?;
        let question = before.unwrap_or_else(|| QuestionId(Uuid::new_v4()));
        let mut command = AskQuestion {
            question,
            referral,
            provider: provider.clone(),
            text: Sealed::nothing(),
            at: caller.at,
        };
        refused_first(desk, &command.clone().into())?;
        desk.require_recognisable(&caller, &message.request_id, &Clear::default()).await?;
        let (sealed, fingerprint) = desk.vault.seal_text(referral, Part::Question(question), &text).await?;
        command.text = sealed;
        message.text = fingerprint;
        // The answer that is kept for a repeat is without the text, which the caller has.
        let render = move |state: &State, _: &[referrals_domain::ReferralEvent]| {
            outline_by_id(state, referral, question, &Reader::Provider(&provider))
        };
        let mut response =
            run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), render).await?;
        response.get_mut().text = text;
        Ok(response)
    }

    pub(super) async fn answer(
        &self,
        request: Request<proto::AnswerQuestionRequest>,
    ) -> Answer<proto::Question> {
        let caller = Caller::of(&request)?;
        let mut message = request.into_inner();
        let mut fields = Fields::new();
        let name = form::question(&mut fields, "name", &message.name);
        let text = fields.text("text", &message.text, ANSWER_CHARS_MAX);
        let ((council, referral, question), text) = fields.finish(|| name.zip(text))?;
        let desk = self.own_desk(&caller, council)?;
        let mut command = AnswerQuestion { referral, question, text: Sealed::nothing(), at: caller.at };
        refused_first(desk, &command.clone().into())?;
        desk.require_recognisable(&caller, &message.request_id, &Clear::default()).await?;
        let found = desk.engine.read(|state| state.referrals.get(&referral).cloned());
        let found = found.ok_or_else(|| refuse(&Rejection::ReferralUnknown(referral)))?;
        let person = known(&found, desk.vault.unseal(&found)?.person);
        if names_child(person.as_ref(), &text) {
            return Err(refuse(&PersonalDataInText::ANSWER));
        }
        let (sealed, fingerprint) = desk.vault.seal_text(referral, Part::Answer(question), &text).await?;
        command.text = sealed;
        message.text = fingerprint;
        let render = move |state: &State, _: &[referrals_domain::ReferralEvent]| {
            outline_by_id(state, referral, question, &Reader::Council)
        };
        let mut response =
            run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), render).await?;
        let asked = found.questions.iter().find(|it| it.id == question);
        let asked = asked.map(|it| desk.text(referral, Part::Question(question), &it.text)).transpose()?;
        response.get_mut().text = asked.unwrap_or_default();
        response.get_mut().answer = text;
        Ok(response)
    }

    pub(super) async fn question_page(
        &self,
        request: Request<proto::ListQuestionsRequest>,
    ) -> Answer<proto::ListQuestionsResponse> {
        let caller = Caller::of(&request)?;
        let message = request.get_ref();
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "parent", &message.parent);
        let (council, id) = fields.finish(|| name)?;
        let (desk, reader) = match &caller.role {
            Role::Provider(provider) => {
                (self.named_desk(council, &Rejection::ReferralUnknown(id))?, Reader::Provider(provider))
            }
            Role::Council(_) | Role::FrameworkLead(_) | Role::Service(_) => {
                (self.own_desk(&caller, council)?, Reader::Council)
            }
        };
        let found = desk.engine.read(|state| match &reader {
            Reader::Council => state.referrals.get(&id).cloned().ok_or(Rejection::ReferralUnknown(id)),
            Reader::Provider(provider) => state.questions_for(id, provider, caller.at).cloned(),
        });
        let found = found.map_err(|rejection| refuse(&rejection))?;
        let person = known(&found, desk.vault.unseal(&found)?.person);
        let mut shown = Vec::new();
        // In the order in which they were asked.
        for (i, it) in found.questions.iter().enumerate().filter(|(_, it)| reader.sees(it)) {
            shown.push((format!("{i:06}"), desk.question(&found, it, person.as_ref(), &reader)?));
        }
        let (questions, next_page_token) = pages::of_sorted(shown, message)?;
        Ok(Response::new(proto::ListQuestionsResponse { questions, next_page_token }))
    }
}
