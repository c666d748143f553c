//! Seals personal data under a key per subject and purpose, and destroys such keys.
//!
//! Events are kept for ever and are hashed into a public log, so personal data may only be in them
//! sealed. To erase a person's data for one purpose, the key is destroyed: the events and every proof
//! over them stay valid, and nobody can read the sealed part again.
//!
//! - [`KeyStore`] keeps one owner's keys in files of their own, apart from the logs.
//! - [`OwnerLock`] is the right to open them, for who must have it before it does something else.
//! - [`DataKey`] seals and unseals under one key, without touching a file.
//! - [`SealedBlob`] is what goes into an event.
//!
//! The subject is an opaque id, never a name or a number that others use: it is kept in clear, also
//! after its keys are destroyed, so that "destroyed" can be told from "never existed".

mod blob;
mod epoch;
mod error;
mod file;
mod format;
mod key_file;
mod name;
mod needs;
mod rotation;
mod store;
#[cfg(test)]
mod tests;

pub use blob::{DataKey, PLAINTEXT_BYTES_MAX, SealedBlob};
pub use error::SealingError;
pub use name::{NAME_BYTES_MAX, OWNER_BYTES_MAX};
pub use needs::Needs;
pub use store::{KeyStore, OwnerLock};
