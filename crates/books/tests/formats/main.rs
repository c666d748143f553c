//! The formats as others judge them: `journals` (hledger and Beancount), `e_invoices` (the rules of EN 16931), `invoices_in` (what is refused, and
//! that nothing panics), `sheets`, `bank_files` (BACS and remittances). `made` gives them generated books and documents.

mod bank_files;
mod e_invoices;
mod invoices_in;
mod journals;
mod made;
mod sheets;
