//! Append-only logs with one owner: dense positions, idempotency, group commit; the only crate that names a database
