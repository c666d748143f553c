//! Whole-system tests against a running region, through its public gRPC API and its command line.
//!
//! One test binary, since each links the whole system: `access` (who may call what), `bad_input` and `fuzz` (what cannot be granted),
//! `repeats` (the same request again), `evaluation` (offers judged by what a lead decides), `market` (one place, many councils), `race` (fifty places, a thousand clients), `python` (a client that knows only reflection), `crash`
//! (kill -9 under load), `staying` (a move under notice), `damage` (broken files), `dlq` (events that followers cannot read), `database` (logs in PostgreSQL, and a standby), `apart`
//! (five processes over Kafka), `monitoring` (figures as the lists have them), `books` (journals and invoices as other programs judge them), `otlp` (spans at a collector), `kcat` (a topic without a program of ours), `register` (Ofsted's, of one date and the next), `replay` (the same bytes from the same events), `demo` and `commands` (the binary
//! as people use it).
#![allow(clippy::unwrap_used, reason = "tests and their helpers fail loudly")]

mod access;
mod agreed;
mod apart;
mod bad_input;
mod books;
mod commands;
mod crash;
mod damage;
mod database;
mod demo;
mod dlq;
mod evaluation;
mod full_disk;
mod fuzz;
mod kcat;
mod market;
mod monitoring;
mod otlp;
mod process;
mod python;
mod race;
mod region;
mod register;
mod repeats;
mod replay;
mod samples;
mod seed;
mod settings;
mod staying;
mod wire;
mod world;
