//! The smallest domain that can be wrong: accounts that take deposits and pay out what they have.

use care::{CouncilId, Decided, Domain, EventBody, Refusal, RefusalKind, StreamId, Timestamp};
use engine::{Context, Engine, EngineError, Executed, RequestKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Deposited {
    pub(crate) account: String,
    pub(crate) pence: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Withdrawn {
    pub(crate) account: String,
    pub(crate) pence: i64,
}

impl EventBody for Deposited {
    const TYPE: &'static str = "Deposited";
    fn stream(&self) -> StreamId {
        StreamId::new("account", &self.account)
    }
    fn council(&self) -> Option<CouncilId> {
        None
    }
}

impl EventBody for Withdrawn {
    const TYPE: &'static str = "Withdrawn";
    fn stream(&self) -> StreamId {
        StreamId::new("account", &self.account)
    }
    fn council(&self) -> Option<CouncilId> {
        None
    }
}

care::events! { pub(crate) enum AccountEvent { Deposited, Withdrawn } }

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{account} has {balance}p: withdraw no more than that")]
pub(crate) struct Insufficient {
    pub(crate) account: String,
    pub(crate) balance: i64,
}

impl Refusal for Insufficient {
    fn reason(&self) -> &'static str {
        "INSUFFICIENT"
    }
    fn kind(&self) -> RefusalKind {
        RefusalKind::Precondition
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Command {
    Deposit(&'static str, i64),
    Withdraw(&'static str, i64),
    /// So many deposits of a penny, in one decision.
    DepositPennies(&'static str, usize),
    Nothing,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Accounts {
    pub(crate) balances: BTreeMap<String, i64>,
    /// Counts, so that an event applied twice or not at all shows whatever its amount.
    pub(crate) events: u64,
}

impl Accounts {
    pub(crate) fn balance(&self, account: &str) -> i64 {
        self.balances.get(account).copied().unwrap_or(0)
    }
}

pub(crate) struct Bank;

impl Domain for Bank {
    type State = Accounts;
    type Command = Command;
    type Event = AccountEvent;
    type Rejection = Insufficient;

    fn decide(state: &Accounts, command: &Command) -> Decided<Self> {
        let deposited = |account: &str, pence| Deposited { account: account.to_owned(), pence }.into();
        match *command {
            Command::Deposit(account, pence) => Ok(vec![deposited(account, pence)]),
            Command::DepositPennies(account, pennies) => Ok(vec![deposited(account, 1); pennies]),
            Command::Nothing => Ok(vec![]),
            Command::Withdraw(account, pence) if state.balance(account) >= pence => {
                Ok(vec![Withdrawn { account: account.to_owned(), pence }.into()])
            }
            Command::Withdraw(account, _) => {
                Err(Insufficient { account: account.to_owned(), balance: state.balance(account) })
            }
        }
    }

    fn evolve(state: &mut Accounts, event: &AccountEvent) {
        let (account, pence) = match event {
            AccountEvent::Deposited(Deposited { account, pence }) => (account, *pence),
            AccountEvent::Withdrawn(Withdrawn { account, pence }) => (account, -*pence),
        };
        *state.balances.entry(account.clone()).or_default() += pence;
        state.events += 1;
    }
}

pub(crate) fn context() -> Context {
    Context {
        actor: "test".to_owned(),
        causation: None,
        correlation: None,
        at: Timestamp::UNIX_EPOCH,
        request: None,
    }
}

/// The whole state, as it stands after the decision.
pub(crate) fn rendered(state: &Accounts) -> Vec<u8> {
    serde_json::to_vec(state).unwrap()
}

pub(crate) async fn execute(engine: &Engine<Bank>, command: Command) -> Executed<Insufficient> {
    engine.execute(command, context(), |state, _| rendered(state)).await
}

pub(crate) async fn execute_keyed(
    engine: &Engine<Bank>,
    command: Command,
    key: &str,
    hash: u8,
) -> Executed<Insufficient> {
    let request = Some(RequestKey { key: key.to_owned(), request_hash: [hash; 32] });
    engine.execute(command, Context { request, ..context() }, |state, _| rendered(state)).await
}

/// A command on its way, while the test goes on.
pub(crate) type Pending = tokio::task::JoinHandle<Executed<Insufficient>>;

pub(crate) fn start(engine: &Engine<Bank>, command: Command) -> Pending {
    let engine = engine.clone();
    tokio::spawn(async move { execute(&engine, command).await })
}

pub(crate) fn start_keyed(engine: &Engine<Bank>, command: Command, key: &'static str) -> Pending {
    let engine = engine.clone();
    tokio::spawn(async move { execute_keyed(&engine, command, key, 1).await })
}

pub(crate) fn balance(engine: &Engine<Bank>, account: &str) -> i64 {
    engine.read(|state| state.balance(account))
}

pub(crate) fn is_unavailable<T>(executed: &Result<T, EngineError<Insufficient>>) -> bool {
    matches!(executed, Err(EngineError::Unavailable(_)))
}

/// Nothing is missing from the log or doubled in it, and the committed state is its fold, byte for byte.
pub(crate) async fn assert_whole(engine: &Engine<Bank>) {
    let log = engine.log();
    let mut positions = Vec::new();
    loop {
        let after = u64::try_from(positions.len()).unwrap();
        let events = log.read(after, 1_000).await.unwrap();
        if events.is_empty() {
            break;
        }
        positions.extend(events.iter().map(|event| event.position));
    }
    let dense: Vec<u64> = (1..).take(positions.len()).collect();
    assert_eq!(positions, dense, "positions are dense");
    let head = u64::try_from(positions.len()).unwrap();
    assert_eq!(engine.head(), head);
    let folded = engine.state_at(head).await.unwrap();
    let (committed, at) = engine.read_at(|state, at| (rendered(state), at));
    assert_eq!(at, head);
    assert_eq!(String::from_utf8(committed).unwrap(), String::from_utf8(rendered(&folded)).unwrap());
}

pub(crate) async fn open(log: Arc<dyn eventlog::EventLog>) -> Engine<Bank> {
    Engine::open(log).await.unwrap()
}
