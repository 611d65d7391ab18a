//! The system of record: one SQL database behind a narrow door.

pub mod commit;
