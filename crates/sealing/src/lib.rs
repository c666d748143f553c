//! Seals personal data under a key per subject and purpose, and destroys such keys
